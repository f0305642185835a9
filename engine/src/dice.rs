//! Numbers drawn from a seed: the same seed gives the same numbers on every machine and in every version, which a random library does not promise.

/// SplitMix64, by Steele, Lea and Flood.
///
/// ```
/// use flowbook::dice::Dice;
///
/// let mut dice = Dice::new(17, "script");
/// let mut same = Dice::new(17, "script");
/// assert_eq!(dice.between(1, 6), same.between(1, 6));
/// ```
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice whose first state is this one.
    pub fn from_state(state: u64) -> Dice {
        Dice(state)
    }

    /// Dice for one purpose of a seed: what one purpose draws changes nothing for another.
    pub fn new(seed: u64, purpose: &str) -> Dice {
        let mut dice = Dice(seed);
        for byte in purpose.bytes() {
            dice.0 = dice.next() ^ u64::from(byte);
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `end`; 0 where there is none below it.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.max(least) - least + 1)
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// One of these.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let all = u64::try_from(of.len()).ok().filter(|all| *all > 0)?;
        of.get(usize::try_from(self.below(all)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_on_every_day() {
        let draw = |seed, purpose| {
            let mut dice = Dice::new(seed, purpose);
            [
                dice.between(0, 99),
                dice.between(0, 99),
                dice.between(0, 99),
            ]
        };
        assert_eq!(draw(17, "script"), draw(17, "script"));
        assert_ne!(draw(17, "script"), draw(18, "script"));
        assert_ne!(draw(17, "script"), draw(17, "sample"));
        let mut dice = Dice::new(1, "range");
        assert!((0..1000).all(|_| (3..=5).contains(&dice.between(3, 5))));
        assert_eq!(dice.one::<u8>(&[]), None);
    }
}
