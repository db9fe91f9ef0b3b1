//! Who is connected: so many in all, and so many from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::Connections;
use crate::came::is_one;

/// Counts who is in.
#[derive(Clone)]
pub(super) struct Door {
    inside: Arc<Mutex<HashMap<IpAddr, usize>>>,
    rules: Arc<Connections>,
}

/// The place of a connection, which is free again when this is dropped.
pub(super) struct Place {
    door: Door,
    peer: IpAddr,
}

impl Door {
    pub(super) fn new(rules: Connections) -> Self {
        Door { inside: Arc::default(), rules: Arc::new(rules) }
    }

    /// A place for this peer, unless it has enough.
    pub(super) fn enter(&self, peer: IpAddr) -> Option<Place> {
        let Connections { most, most_from_one, proxies, .. } = self.rules.as_ref();
        let for_many = peer.to_canonical().is_loopback() || is_one(peer, proxies);
        let most = if for_many { *most } else { *most_from_one };
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let count = inside.entry(peer).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { door: self.clone(), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.door.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = inside.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_gets_so_many_places_and_its_neighbours_are_served() {
        let door = Door::new(Connections { proxies: vec!["192.0.2.9".parse().unwrap()], ..Connections::default() });
        let most_from_one = door.rules.most_from_one;
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let places: Vec<Place> = (0..most_from_one).map_while(|_| door.enter(one)).collect();
        assert_eq!(places.len(), most_from_one);
        assert!(door.enter(one).is_none() && door.enter(other).is_some());
        let proxy = "192.0.2.9".parse().unwrap();
        let many: Vec<Place> = (0..most_from_one + 9).map_while(|_| door.enter(proxy)).collect();
        assert_eq!(many.len(), most_from_one + 9, "behind a proxy there are many");
        drop(many);
        drop(places);
        assert!(door.enter(one).is_some(), "places that are left are free");
        assert!(door.inside.lock().unwrap().is_empty());
    }
}
