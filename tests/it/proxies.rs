//! Proxies of outgoing HTTP.
