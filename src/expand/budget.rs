//! How much of a container is opened. Each limit that is hit is told.

/// Containers inside containers.
pub(super) const DEEPEST: usize = 6;
/// Members of one outermost container, all levels together.
const MOST_MEMBERS: u64 = 50_000;
/// Bytes that come out of one outermost container, all levels together.
pub(super) const MOST_BYTES: u64 = 512 << 20;
/// Bytes of a member that are held, and so scanned.
pub(super) const LARGEST_MEMBER: u64 = 32 << 20;
/// How many times larger than the container everything in it may be, once it is larger than [`FREE_BYTES`].
const LARGEST_RATIO: u64 = 250;
const FREE_BYTES: u64 = 64 << 20;

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    members: u64,
    bytes: u64,
    most_bytes: u64,
}

impl Budget {
    /// For a container of this size, of which no more than `most` bytes may come out anyway.
    pub(super) fn of(size: u64, most: u64) -> Self {
        let most_bytes = size.saturating_mul(LARGEST_RATIO).clamp(FREE_BYTES, MOST_BYTES).min(most);
        Budget { members: 0, bytes: 0, most_bytes }
    }

    /// Counts a member.
    ///
    /// # Errors
    /// Which limit it is beyond.
    pub(super) fn take_member(&mut self) -> Result<(), String> {
        self.members += 1;
        let beyond = || format!("more than {MOST_MEMBERS} members: the rest is not opened");
        (self.members <= MOST_MEMBERS).then_some(()).ok_or_else(beyond)
    }

    /// How many bytes may still come out of a member.
    pub(super) fn left(&self) -> u64 {
        (self.most_bytes - self.bytes.min(self.most_bytes)).min(LARGEST_MEMBER)
    }

    /// Counts bytes that came out.
    pub(super) fn take_bytes(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Which limit is reached, if all that may come out has.
    pub(super) fn spent(&self) -> Option<String> {
        let told = || format!("more than {} bytes come out of it: the rest is not opened", self.most_bytes);
        (self.bytes >= self.most_bytes).then(told)
    }
}
