//! Saying a failure that may repeat a thousand times a second once.

use std::time::{Duration, Instant};

/// Failures closer together than this belong to one episode.
const GAP: Duration = Duration::from_secs(10);

/// The episode that is going on, if any.
#[derive(Debug, Default)]
pub(super) struct Episode {
    last: Option<Instant>,
}

impl Episode {
    /// A failure at this time: whether it begins an episode, and so is worth saying.
    pub(super) fn begins(&mut self, now: Instant) -> bool {
        let earlier = self.last.replace(now);
        earlier.is_none_or(|at| now.saturating_duration_since(at) >= GAP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_lasts_until_there_is_a_gap() {
        let start = Instant::now();
        let mut episode = Episode::default();
        let begun: Vec<bool> = [0, 9, 18, 28, 29].map(|s| episode.begins(start + Duration::from_secs(s))).to_vec();
        assert_eq!(begun, [true, false, false, true, false]);
    }
}
