//! How much memory the executor has, and what of it cells may keep idle isolates in.

use std::{fs, path::Path};

/// The share of all memory that idle isolates may hold, in percent; the rest is for invocations under
/// way, V8's own needs and the front.
const IDLE_PERCENT: u64 = 50;

/// When the system does not tell, which Linux always does.
const UNKNOWN: u64 = 1 << 30;

/// Bytes that the executor may use. `given` is the operator's word; else the cgroup's limit counts, else the
/// machine's memory.
pub fn total_bytes(given: Option<u64>) -> u64 {
    given
        .or_else(|| available(Path::new("/")))
        .unwrap_or(UNKNOWN)
}

/// Bytes that the idle isolates of one of `cells` cells may hold, of those [`total_bytes`] tells.
pub fn idle_bytes(given: Option<u64>, cells: u64) -> u64 {
    total_bytes(given) / 100 * IDLE_PERCENT / cells.max(1)
}

/// The lower of the cgroup's limit and the machine's memory, as the file system under `root` tells.
fn available(root: &Path) -> Option<u64> {
    [cgroup_limit(root), machine(root)]
        .into_iter()
        .flatten()
        .min()
}

/// The limit of the process's own cgroup (version 2) or of the memory controller's root (version 1). Above
/// it, others may be lower; a container sees its own as the root.
fn cgroup_limit(root: &Path) -> Option<u64> {
    let own = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let own = own
        .lines()
        .find_map(|line| line.strip_prefix("0::/"))
        .unwrap_or_default();
    let group = root.join("sys/fs/cgroup");
    [
        group.join(own).join("memory.max"),
        group.join("memory.max"),
        group.join("memory/memory.limit_in_bytes"),
    ]
    .iter()
    .find_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok())
}

fn machine(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], expect: Option<u64>) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(available(root.path()), expect, "{files:?}");
    }

    #[test]
    fn the_lowest_limit_counts() {
        let machine = ("proc/meminfo", "MemFree: 1 kB\nMemTotal:  1000 kB\n");
        check(&[], None);
        check(&[machine], Some(1_024_000));
        check(
            &[machine, ("sys/fs/cgroup/memory.max", "500000\n")],
            Some(500_000),
        );
        check(
            &[machine, ("sys/fs/cgroup/memory.max", "max\n")],
            Some(1_024_000),
        );
        check(
            &[
                machine,
                ("proc/self/cgroup", "0::/pod/penstock\n"),
                ("sys/fs/cgroup/pod/penstock/memory.max", "7000"),
                ("sys/fs/cgroup/memory.max", "9000"),
            ],
            Some(7000),
        );
        let version_1 = "sys/fs/cgroup/memory/memory.limit_in_bytes";
        check(&[machine, (version_1, "8000")], Some(8000));
        check(
            &[machine, (version_1, "9223372036854771712")],
            Some(1_024_000),
        );
    }

    #[test]
    fn the_operators_word_counts_and_is_shared_by_the_cells() {
        assert_eq!(idle_bytes(Some(1000), 2), 250);
        assert_eq!(idle_bytes(Some(1000), 0), 500);
    }
}
