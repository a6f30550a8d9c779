//! A sentence without what a question may ask for: frame numbers, and the ports of clients.

use std::net::IpAddr;

use crate::analyze::text::{FrameNoun, Span, Text};
use socklab_packets::types::SocketAddress;

impl Text {
    /// The text without the numbers of frames, and without the ports of the clients that `is_client` picks.
    pub fn discreet(&self, is_client: impl Fn(SocketAddress) -> bool) -> Text {
        let mut text = String::new();
        let mut spans = self.spans().iter().peekable();
        // The parenthesis that a frame stood alone in goes with it.
        let mut closing = false;
        while let Some(span) = spans.next() {
            let next = match spans.peek() {
                Some(Span::Words(words)) => words.as_str(),
                _ => "",
            };
            match span {
                Span::Frames { frames, noun, .. } => {
                    let ends = next.starts_with(')');
                    if ends && text.ends_with(" (") {
                        text.truncate(text.len().saturating_sub(2));
                        closing = true;
                    } else if ends && text.ends_with(", ") {
                        text.truncate(text.len().saturating_sub(2));
                    } else {
                        text.push_str(match (noun, frames.count()) {
                            (FrameNoun::Capital, 1) => "A frame",
                            (FrameNoun::Capital, _) => "Some frames",
                            (_, 1) => "a frame",
                            (_, _) => "some frames",
                        });
                    }
                }
                Span::Address(address) if is_client(*address) => match address.ip {
                    IpAddr::V4(ip) => text.push_str(&format!("{ip}:…")),
                    IpAddr::V6(ip) => text.push_str(&format!("[{ip}]:…")),
                },
                Span::Words(words) => {
                    text.push_str(words.strip_prefix(')').filter(|_| closing).unwrap_or(words));
                    closing = false;
                }
                other => text.push_str(&other.to_string()),
            }
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::text::{FrameRanges, say};
    use socklab_packets::types::FrameNumber;

    #[test]
    fn neither_frames_nor_ports_of_clients_are_left() {
        let [client, server] = ["10.0.3.2:40210", "10.0.3.1:65432"].map(|text| text.parse::<SocketAddress>().unwrap());
        let frames = FrameRanges::of([FrameNumber(7), FrameNumber(8)]);
        let text = say![
            client,
            " closed (FIN, ",
            FrameNumber(4),
            ") what it had at ",
            server,
            " (",
            FrameNumber(5),
            "): see ",
            frames,
            "."
        ];
        let told = text.discreet(|address| address == client).to_string();
        assert_eq!(told, "10.0.3.2:… closed (FIN) what it had at 10.0.3.1:65432: see some frames.");
    }
}
