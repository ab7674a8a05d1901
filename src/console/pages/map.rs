//! The map: the gateway between its domains, with a line for each partner that is as wide as what flows.

use crate::control::desk::Peer;

const WIDTH: u32 = 960;
const ROW: u32 = 40;
const MARGIN: u32 = 12;

/// A map as numbers that a template draws.
pub(super) struct Map {
    pub(super) height: u32,
    pub(super) middle: u32,
    pub(super) home: String,
    pub(super) domains: Vec<Domain>,
}

/// A side of the map.
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) anchor: &'static str,
    pub(super) partners: Vec<Partner>,
}

/// A partner on the map.
pub(super) struct Partner {
    pub(super) peer: Peer,
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) text_x: u32,
    /// Where its line meets the gateway.
    pub(super) gate_x: u32,
    /// Where its line bends.
    pub(super) bend: u32,
    pub(super) anchor: &'static str,
    /// Width of the line in tenths of a unit.
    pub(super) width: String,
    pub(super) state: &'static str,
}

impl Map {
    pub(super) fn of(home: &str, peers: &[Peer]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for peer in peers {
            if !names.contains(&peer.domain.as_str()) {
                names.push(&peer.domain);
            }
        }
        // The first domain stands on the left, all others on the right, one below the other; the lower side stands in the middle of the higher one.
        let tall = |name: &str| rows(peers.iter().filter(|peer| peer.domain == name).count());
        let left = names.first().map_or(0, |name| tall(name));
        let right = names.iter().skip(1).fold(0_u32, |sum, name| sum.saturating_add(tall(name)));
        let height = left.max(right).saturating_add(MARGIN).max(160);
        let begin = |own: u32| height.saturating_sub(own).div_euclid(2);
        let mut below = begin(right);
        let mut domains = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let of: Vec<&Peer> = peers.iter().filter(|peer| peer.domain == **name).collect();
            domains.push(domain(name, &of, at == 0, if at == 0 { begin(left) } else { below }));
            if at > 0 {
                below = below.saturating_add(tall(name));
            }
        }
        Self { height, middle: height.div_euclid(2), home: home.to_owned(), domains }
    }
}

/// What a domain takes of the height: its name, and a row for each partner.
fn rows(partners: usize) -> u32 {
    u32::try_from(partners).unwrap_or(0).saturating_add(1).saturating_mul(ROW)
}

fn domain(name: &str, peers: &[&Peer], on_left: bool, top: u32) -> Domain {
    let (x, text_x, gate_x) = if on_left { (300, 284, 420) } else { (660, 676, 540) };
    let anchor = if on_left { "end" } else { "start" };
    let rows = (1_u32..).zip(peers).map(|(row, peer)| Partner {
        x,
        y: row.saturating_mul(ROW).saturating_add(top).saturating_add(12),
        text_x,
        gate_x,
        bend: if on_left { 360 } else { 600 },
        anchor,
        width: width(peer.sent.saturating_add(peer.received)),
        state: if !peer.linked {
            "off"
        } else if peer.waiting > 0 {
            "waits"
        } else {
            "on"
        },
        peer: (*peer).clone(),
    });
    Domain { name: name.to_owned(), x: text_x.min(WIDTH), y: top.saturating_add(18), anchor, partners: rows.collect() }
}

/// 1 where nothing flows, and one more for each doubling.
fn width(flow: u64) -> String {
    let doublings = flow.checked_ilog2().map_or(0, |log| log.saturating_add(1)).min(12);
    let tenths = doublings.saturating_mul(7).saturating_add(10);
    format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partner_has_a_place_of_its_own_inside_the_map() {
        let peer = |name: &str, domain: &str| Peer { name: name.to_owned(), domain: domain.to_owned(), ..Peer::default() };
        let map = Map::of("GBR", &[peer("a", "national"), peer("b", "coalition"), peer("c", "coalition"), peer("d", "guests")]);
        let mut places: Vec<_> = map.domains.iter().flat_map(|domain| domain.partners.iter().map(|one| (one.x, one.y))).collect();
        assert!(places.iter().all(|(x, y)| *x < WIDTH && *y < map.height), "{places:?}");
        places.dedup();
        assert_eq!(places.len(), 4);
    }

    #[test]
    fn lines_widen_with_what_flows() {
        assert_eq!([0, 1, 2, 1000, u64::MAX].map(width), ["1.0", "1.7", "2.4", "8.0", "9.4"]);
    }
}
