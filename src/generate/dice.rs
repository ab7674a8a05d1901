//! Dice: a small seeded source of numbers, so that the same seed makes the same traffic on every machine.
//!
//! This is SplitMix64 (Steele, Lea and Flood 2014). It is no cryptography and must never make a key.

/// A seeded sequence of numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of a seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let rest = self.roll().checked_rem(u64::from(bound)).unwrap_or(0);
        u32::try_from(rest).unwrap_or(0)
    }

    /// One of some words; the empty word of none.
    pub fn pick<'s>(&mut self, words: &[&'s str]) -> &'s str {
        let bound = u32::try_from(words.len()).unwrap_or(u32::MAX);
        let at = usize::try_from(self.below(bound)).unwrap_or(0);
        words.get(at).copied().unwrap_or("")
    }

    /// A decimal number `whole.fraction` with `whole` in `from..from + span` and `places` digits of fraction, the last one not 0.
    pub fn decimal(&mut self, from: i32, span: u32, places: u32) -> String {
        let whole = from.saturating_add(i32::try_from(self.below(span)).unwrap_or(0));
        let digits: String = (1..places).map(|_| char::from_digit(self.below(10), 10).unwrap_or('0')).collect();
        let last = char::from_digit(self.below(9).saturating_add(1), 10).unwrap_or('1');
        format!("{whole}.{digits}{last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_of_seed_zero_are_the_published_ones() {
        let mut dice = Dice::seeded(0);
        assert_eq!([dice.roll(), dice.roll()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn numbers_stay_below_their_bound_and_an_empty_choice_gives_nothing() {
        let mut dice = Dice::seeded(7);
        assert!((0..1000).all(|_| dice.below(3) < 3));
        assert_eq!((dice.below(0), dice.pick(&[])), (0, ""));
    }

    #[test]
    fn decimals_have_the_places_that_were_asked_for() {
        let mut dice = Dice::seeded(1);
        for _ in 0..200 {
            let text = dice.decimal(-3, 6, 5);
            let (whole, fraction) = text.split_once('.').unwrap();
            assert!((-3..3).contains(&whole.parse::<i32>().unwrap()) && fraction.len() == 5 && !fraction.ends_with('0'), "{text}");
        }
    }
}
