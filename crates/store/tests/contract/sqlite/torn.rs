//! What is left of a group whose last bytes never reached the disk.

use std::fs;

use futures::executor::block_on;
use nohold_app::ports::{Archive as _, Revision};
use nohold_core::tables::Tables;
use nohold_store::SqliteStore;

use super::Folder;
use crate::house::{House, arrived, call_back, request, reserve};

#[test]
fn a_group_that_is_torn_has_not_happened_and_those_before_it_have() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        let folder = house.store.folder.path().to_owned();
        let log = folder.join("nohold.db-wal");
        let shown = || house.store.image().view(|tables, revision| (tables.clone(), revision));
        // The length of the log and what was shown, after each group.
        let mut moments: Vec<(u64, (Tables, Revision))> = Vec::new();
        let mut note = || moments.push((log.metadata().unwrap().len(), shown()));
        note();
        for n in 1..=4 {
            house.wait(n).await;
            note();
        }
        let several = [reserve(1, 1, "2000"), reserve(2, 2, "2001"), request(3, 3), request(4, 4)];
        house.race(several.into());
        note();
        house.commit(call_back(100, 3, "2002")).await;
        note();
        house.record(arrived(9)).await;
        note();
        let bytes = fs::read(&log).unwrap();
        assert_eq!(bytes.len() as u64, moments.last().unwrap().0, "nothing was moved out of the log meanwhile");
        let mut seen = std::collections::BTreeSet::new();
        let first = moments.first().unwrap().0;
        // Somewhere inside pages, at their ends, and at the ends of groups.
        let inside = (first..bytes.len() as u64).step_by(3_911);
        for length in inside.chain(moments.iter().flat_map(|(length, _)| [*length, *length - 1])) {
            let Some((_, (tables, revision))) = moments.iter().rev().find(|(end, _)| *end <= length) else { continue };
            let torn = tempfile::tempdir().unwrap();
            fs::copy(folder.join("nohold.db"), torn.path().join("nohold.db")).unwrap();
            fs::write(torn.path().join("nohold.db-wal"), &bytes[..usize::try_from(length).unwrap()]).unwrap();
            let store = SqliteStore::open(torn.path()).await.unwrap();
            store.image().view(|found, at| {
                // The four who raced may have come in several groups.
                if at != *revision {
                    let next = moments.iter().map(|(_, (_, revision))| *revision).find(|next| next > revision);
                    assert!(at > *revision && Some(at) < next, "{at:?} at {length}");
                } else {
                    assert_eq!(found, tables, "at {length}");
                }
            });
            seen.insert(*revision);
            store.close().await;
        }
        assert_eq!(seen.len(), moments.len(), "every group was the last one once");
    });
}
