//! `networks` and `not_networks`: an IP address in one of the networks of a list, or in none of them.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt::{self, Display};

use super::{
    context::Mismatch,
    list::{ListRole, read_entries},
};
use crate::{
    okta::Value,
    problem::{SpanProblem, SpanProblems},
    rule::{list_entry::ListEntry, node::Node},
};

/// How to write an entry.
const HINT: &str = "write a network as `192.0.2.0/24` or `2001:db8::/32`, or one address";

/// An IP address in one of the networks of a list, or in none of them. A text that is not an address
/// fails either way.
pub struct Networks {
    role: ListRole,
    /// Sorted by their first addresses, and by their last addresses as well, because no block contains a later one.
    blocks: Vec<AddressBlock>,
}

/// Addresses of one family, from the first to the last. An IPv4-mapped IPv6 address is an IPv4 address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AddressBlock {
    first: IpAddr,
    last: IpAddr,
}

impl Networks {
    pub(super) fn read_networks(node: &Node, role: ListRole) -> Result<Self, SpanProblems> {
        let mut blocks: Vec<AddressBlock> = read_entries(node, r#"["192.0.2.0/24"]"#, read_block)?;
        blocks.sort_unstable();
        // `next` does not start before `kept`. If `next` does not end after `kept` either, `kept` contains it.
        blocks.dedup_by(|next, kept| next.last <= kept.last);
        Ok(Self { role, blocks })
    }

    pub(super) fn check_address(&self, value: &Value<'_>) -> Result<(), Mismatch> {
        let text = value.text().ok_or(Mismatch::Type)?;
        let address: IpAddr = text.parse().map_err(|_| Mismatch::Unreadable)?;
        self.role.require(self.is_listed(address.to_canonical()))
    }

    fn is_listed(&self, address: IpAddr) -> bool {
        let count = self.blocks.partition_point(|block| block.first <= address);
        let starting_before = self.blocks.get(..count).unwrap_or_default();
        // Blocks that start later also end later. So if any block in `starting_before` contains the address, the
        // last one does.
        match starting_before.last() {
            Some(block) => address <= block.last,
            None => false,
        }
    }
}

impl Display for Networks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            ListRole::Allowed => out.write_str("an IP address in ")?,
            ListRole::Refused => out.write_str("an IP address that is not in ")?,
        }
        match self.blocks.len() {
            1 => out.write_str("the one network listed"),
            count => write!(out, "the {count} networks listed"),
        }
    }
}

/// Reads `192.0.2.0/24`, or an address alone.
fn read_block(entry: &ListEntry<'_>) -> Result<AddressBlock, SpanProblem> {
    let text = entry.text()?;
    let hint = entry.line_hint().unwrap_or(HINT);
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err(entry.problem(format!("`{text}` is not a network; {hint}")));
    };
    let Some(prefix) = prefix else {
        let address = address.to_canonical();
        return Ok(AddressBlock { first: address, last: address });
    };
    let Some(block) = parse_block(address, prefix) else {
        return Err(entry.problem(format!("`{text}` has no valid prefix length; {hint}")));
    };
    if block.first != address.to_canonical() {
        let first = block.first;
        return Err(entry.problem(format!(
            "`{text}` is an address within a network; write `{first}` with its prefix length for the network, or the address alone"
        )));
    }
    Ok(block)
}

/// Parses a prefix length, and returns the network of an address with this prefix. Returns `None` if the length is
/// not valid.
fn parse_block(address: IpAddr, prefix: &str) -> Option<AddressBlock> {
    let prefix_length: u32 = prefix.parse().ok()?;
    // The parser also accepts `+24` and `024`.
    if prefix_length.to_string() != prefix {
        return None;
    }
    block_of(address, prefix_length)
}

/// The network of an address with a prefix of this many bits. Returns `None` if the address has fewer bits.
fn block_of(address: IpAddr, prefix_length: u32) -> Option<AddressBlock> {
    match address {
        IpAddr::V4(address) => {
            let host_mask = match prefix_length {
                0..32 => u32::MAX >> prefix_length,
                32 => 0,
                _ => return None,
            };
            let bits = address.to_bits();
            Some(AddressBlock {
                first: Ipv4Addr::from_bits(bits & !host_mask).into(),
                last: Ipv4Addr::from_bits(bits | host_mask).into(),
            })
        }
        IpAddr::V6(address) => {
            let host_mask = match prefix_length {
                0..128 => u128::MAX >> prefix_length,
                128 => 0,
                _ => return None,
            };
            let bits = address.to_bits();
            let first = IpAddr::from(Ipv6Addr::from_bits(bits & !host_mask));
            let last = IpAddr::from(Ipv6Addr::from_bits(bits | host_mask));
            // A network of IPv4-mapped addresses, such as `::ffff:192.0.2.0/120`, has IPv4 addresses.
            let mapped = AddressBlock { first: first.to_canonical(), last: last.to_canonical() };
            if mapped.first.is_ipv4() && mapped.last.is_ipv4() {
                return Some(mapped);
            }
            Some(AddressBlock { first, last })
        }
    }
}
