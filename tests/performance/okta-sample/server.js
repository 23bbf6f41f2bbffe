// The hook of Okta's guide for profile enrollment, as Okta's sample serves it: `node server.js PORT`.
// https://developer.okta.com/docs/guides/registration-inline-hook/nodejs/main/
const express = require("express");
const basicAuth = require("express-basic-auth");

const app = express();
app.use(express.json());
app.use(basicAuth({ users: { admin: "supersecret" } }));

app.post("/registrationHookSSR", async (request, response) => {
  console.log();
  console.log("Type of Okta registration hook request: " + request.body.requestType);
  let returnValue = {};
  if (request.body.requestType === "self.service.registration") {
    const { firstName, lastName, login, email } = request.body.data.userProfile;
    if (login.split("@")[1].includes("okta.com")) {
      console.log(firstName + " " + lastName + " " + email + " has registered!");
      returnValue = { commands: [{ type: "com.okta.action.update", value: { registration: "ALLOW" } }] };
    } else {
      console.log(firstName + " " + lastName + " " + email + " denied registration!");
      returnValue = {
        commands: [{ type: "com.okta.action.update", value: { registration: "DENY" } }],
        error: {
          errorSummary: "Incorrect email address. Please contact your admin.",
          errorCauses: [{
            errorSummary: "Only okta.com emails can register.",
            reason: "INVALID_EMAIL_DOMAIN",
            locationType: "body",
            location: "data.userProfile.email",
            domain: "end-user",
          }],
        },
      };
    }
  }
  response.status(200).send(JSON.stringify(returnValue));
});

app.listen(Number(process.argv[2]), "127.0.0.1");
