//! Names of link types, as the registry of tcpdump.org writes them without `LINKTYPE_`.

use std::borrow::Cow;

use socklab_packets::capfile::LinkType;

/// The name of a link type: `ETHERNET`; `LINKTYPE_147` where it has none here.
pub fn name(link_type: LinkType) -> Cow<'static, str> {
    match NAMES.iter().find(|(number, _)| *number == link_type.0) {
        Some((_, name)) => Cow::Borrowed(name),
        None => Cow::Owned(format!("LINKTYPE_{}", link_type.0)),
    }
}

/// The link types that captures of computers, phones and radios are made with.
/// Source: <https://www.tcpdump.org/linktypes.html>.
const NAMES: [(u16, &str); 36] = [
    (0, "NULL"),
    (1, "ETHERNET"),
    (6, "IEEE802_5"),
    (7, "ARCNET_BSD"),
    (8, "SLIP"),
    (9, "PPP"),
    (10, "FDDI"),
    (12, "RAW"),
    (14, "RAW"),
    (50, "PPP_HDLC"),
    (51, "PPP_ETHER"),
    (100, "ATM_RFC1483"),
    (101, "RAW"),
    (104, "C_HDLC"),
    (105, "IEEE802_11"),
    (107, "FRELAY"),
    (108, "LOOP"),
    (113, "LINUX_SLL"),
    (114, "LTALK"),
    (117, "PFLOG"),
    (119, "IEEE802_11_PRISM"),
    (122, "IP_OVER_FC"),
    (127, "IEEE802_11_RADIOTAP"),
    (129, "ARCNET_LINUX"),
    (138, "APPLE_IP_OVER_IEEE1394"),
    (163, "IEEE802_11_AVS"),
    (187, "BLUETOOTH_HCI_H4"),
    (189, "USB_LINUX"),
    (192, "PPI"),
    (195, "IEEE802_15_4_WITHFCS"),
    (201, "BLUETOOTH_HCI_H4_WITH_PHDR"),
    (220, "USB_LINUX_MMAPPED"),
    (228, "IPV4"),
    (229, "IPV6"),
    (249, "USBPCAP"),
    (276, "LINUX_SLL2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_types_are_named_as_in_the_registry() {
        assert_eq!(name(LinkType(1)), "ETHERNET");
        assert_eq!(name(LinkType(276)), "LINUX_SLL2");
        assert_eq!(name(LinkType(147)), "LINKTYPE_147");
    }
}
