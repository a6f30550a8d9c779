//! Handles of what a sheet has are compared and hashed by what tells one from another, not by all that they hold.

/// Compares, orders and hashes a handle by its method `identity`.
macro_rules! by_identity {
    ($handle:ty) => {
        impl PartialEq for $handle {
            fn eq(&self, other: &$handle) -> bool {
                self.identity() == other.identity()
            }
        }

        impl Eq for $handle {}

        impl PartialOrd for $handle {
            fn partial_cmp(&self, other: &$handle) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $handle {
            fn cmp(&self, other: &$handle) -> std::cmp::Ordering {
                self.identity().cmp(&other.identity())
            }
        }

        impl std::hash::Hash for $handle {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.identity().hash(state);
            }
        }
    };
}

pub(super) use by_identity;
