//! Addresses that are nobody's on the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network in CIDR notation, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    address: IpAddr,
    bits: u32,
}

impl Block {
    /// # Errors
    /// If it is neither; the message names the setting.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("network.allow_private: {text:?} is neither an address nor a network such as 10.1.0.0/16")
        };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        if bits > all { Err(wrong()) } else { Ok(Block { address, bits }) }
    }

    /// Whether the address lies in it.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

const fn v4(a: u8, b: u8, c: u8, bits: u32) -> Block {
    Block { address: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)), bits }
}

const fn v6(a: u16, b: u16, c: u16, bits: u32) -> Block {
    Block { address: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), bits }
}

/// IANA's special-purpose registries of IPv4, as far as nothing public lies there.
const SPECIAL_V4: [(Block, &str); 16] = [
    (v4(0, 0, 0, 8), "which is no address of a host"),
    (v4(10, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 10), "an address between a provider and its customers"),
    (v4(127, 0, 0, 8), "a loopback address"),
    (v4(169, 254, 0, 16), "a link-local address, where clouds keep their metadata"),
    (v4(172, 16, 0, 12), "a private address"),
    (v4(192, 0, 0, 24), "an address for protocols"),
    (v4(192, 0, 2, 24), "an address for documentation"),
    (v4(192, 31, 196, 24), "an address for name servers"),
    (v4(192, 88, 99, 24), "a relay to IPv6"),
    (v4(192, 168, 0, 16), "a private address"),
    (v4(198, 18, 0, 15), "an address for benchmarks"),
    (v4(198, 51, 100, 24), "an address for documentation"),
    (v4(203, 0, 113, 24), "an address for documentation"),
    (v4(224, 0, 0, 4), "a multicast address"),
    (v4(240, 0, 0, 4), "a reserved address"),
];

/// All that is global unicast in IPv6.
const PUBLIC_V6: Block = v6(0x2000, 0, 0, 3);

/// Inside and outside of it, what is special, with a name of its own.
const SPECIAL_V6: [(Block, &str); 13] = [
    (v6(0x2001, 0xdb8, 0, 32), "an address for documentation"),
    (v6(0x2001, 0, 0, 32), "a tunnel (Teredo)"),
    (v6(0x2001, 0, 0, 23), "an address for protocols"),
    (v6(0x2002, 0, 0, 16), "an IPv4 address in IPv6 (6to4)"),
    (v6(0x3fff, 0, 0, 20), "an address for documentation"),
    (v6(0x64, 0xff9b, 0, 96), "an IPv4 address in IPv6 (NAT64)"),
    (v6(0x64, 0xff9b, 1, 48), "an IPv4 address in IPv6 (NAT64)"),
    (v6(0x100, 0, 0, 64), "an address that is discarded"),
    (v6(0x5f00, 0, 0, 16), "an address for segment routing"),
    (v6(0xfc00, 0, 0, 7), "a private address"),
    (v6(0xfe80, 0, 0, 10), "a link-local address"),
    (v6(0xfec0, 0, 0, 10), "a private address"),
    (v6(0xff00, 0, 0, 8), "a multicast address"),
];

/// Why nothing of the public internet is at this address, in words; `None` if something may be.
pub(super) fn why_not_public(address: IpAddr) -> Option<&'static str> {
    let of = |table: &'static [(Block, &'static str)]| {
        table.iter().find(|(block, _)| block.contains(address)).map(|(_, why)| *why)
    };
    match address {
        IpAddr::V4(_) => of(&SPECIAL_V4),
        IpAddr::V6(v6) if v6.is_unspecified() => Some("which is no address of a host"),
        IpAddr::V6(v6) if v6.is_loopback() => Some("a loopback address"),
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Some("an IPv4 address in IPv6 (mapped)"),
        IpAddr::V6(_) => of(&SPECIAL_V6)
            .or_else(|| (!PUBLIC_V6.contains(address)).then_some("no address of the public internet")),
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped, NAT64 (its well-known prefix) or 6to4.
pub(super) fn embedded(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else { return None };
    let parts = address.segments();
    let at = |high: usize| {
        let bits = u32::from(parts[high]) << 16 | u32::from(parts[high + 1]);
        Some(IpAddr::V4(Ipv4Addr::from_bits(bits)))
    };
    match parts {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => at(6),
        [0x2002, ..] => at(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.254",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "fd00:ec2::254",
        ] {
            assert!(why_not_public(address.parse().unwrap()).is_some(), "{address}");
        }
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.1.1.1",
            "128.0.0.1",
            "140.82.121.6",
            "169.253.1.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.1.1",
            "198.17.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "2003::1",
        ] {
            assert_eq!(why_not_public(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn networks_are_read() {
        let contains =
            |block: &str, address: &str| Block::parse(block).unwrap().contains(address.parse().unwrap());
        assert!(contains("127.0.0.1", "127.0.0.1") && !contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("10.0.0.0/8", "10.9.9.9") && !contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("0.0.0.0/0", "255.1.1.1") && contains("::/0", "fe80::1"));
        assert!(contains("::1", "::1") && !contains("::1/128", "::2") && !contains("::/0", "1.1.1.1"));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "localhost", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert!(Block::parse(wrong).unwrap_err().contains("allow_private"), "{wrong}");
        }
    }
}
