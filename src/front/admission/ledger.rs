//! The account of places and of who waits for one, tenant by tenant. Nothing here waits, or knows the time.
//!
//! A place that becomes free goes to the tenant that holds the fewest, of those that wait; among equals to the
//! one that was served longest ago. So a tenant has more than its share only while no other wants it, what
//! it holds too much goes to the others as it ends, and a tenant that holds nothing waits for no more than
//! one place of each that holds nothing either.
//!
//! The room to wait in is shared the same way: when it is full, a newcomer whose tenant has fewer waiting
//! than the most crowded one, by more than itself, takes the place of that one's newest.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
};

type Name = Arc<str>;

/// Names one that waits. Later ones are higher.
pub type Ticket = u64;

/// Places, who holds them, and who waits (`W` is what is done to tell it).
#[derive(Debug)]
pub struct Ledger<W> {
    places: usize,
    /// How many may wait.
    room: usize,
    in_flight: usize,
    waiting: usize,
    /// Those that hold or wait.
    tenants: HashMap<Name, Tenant<W>>,
    /// Those that wait, by what they hold and by when they were served last: the first is next.
    claims: BTreeMap<(usize, Turn), Name>,
    /// Those that wait, by how many they are.
    crowds: BTreeSet<(usize, Name)>,
    last_turn: Turn,
    last_ticket: Ticket,
}

/// When a tenant was served last, or came, counted in such events; no two tenants have the same.
type Turn = u64;

#[derive(Debug)]
struct Tenant<W> {
    /// Places it holds.
    held: usize,
    turn: Turn,
    /// In order of arrival.
    waiting: VecDeque<(Ticket, W)>,
}

/// One may wait.
#[derive(Debug)]
pub struct Joined<W> {
    pub ticket: Ticket,
    /// Who had to go for it.
    pub displaced: Option<W>,
}

/// One may not even wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// For all the room is taken.
    All,
    /// Its tenant has as much of the room as any other that waits.
    Tenant,
}

impl<W> Ledger<W> {
    pub fn new(places: usize, room: usize) -> Self {
        Self {
            places,
            room,
            in_flight: 0,
            waiting: 0,
            tenants: HashMap::new(),
            claims: BTreeMap::new(),
            crowds: BTreeSet::new(),
            last_turn: 0,
            last_ticket: 0,
        }
    }

    /// Places taken.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes a place for a tenant; false when none is free. While one is, nobody waits.
    pub fn take(&mut self, name: &Name) -> bool {
        if self.in_flight >= self.places {
            return false;
        }
        self.in_flight += 1;
        self.change(name, |tenant, _| tenant.held += 1);
        true
    }

    /// Lets one wait that found no place.
    ///
    /// # Errors
    /// [`Crowded`] when the room is full and its tenant has no claim to that of others.
    pub fn join(&mut self, name: &Name, waiter: W) -> Result<Joined<W>, Crowded> {
        let displaced = match self.waiting < self.room {
            true => None,
            false => Some(self.make_room(name)?),
        };
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        self.waiting += 1;
        self.change(name, |tenant, _| tenant.waiting.push_back((ticket, waiter)));
        Ok(Joined { ticket, displaced })
    }

    /// Takes one out that does not wait any longer. `None` when it was served or displaced already.
    pub fn withdraw(&mut self, name: &Name, ticket: Ticket) -> Option<W> {
        let waiting = &self.tenants.get(name)?.waiting;
        let at = waiting
            .binary_search_by_key(&ticket, |(ticket, _)| *ticket)
            .ok()?;
        self.waiting -= 1;
        self.change(name, |tenant, _| tenant.waiting.remove(at))
            .map(|(_, waiter)| waiter)
    }

    /// A tenant gives a place back. It is taken already for who is told: the one that comes next.
    pub fn leave(&mut self, name: &Name) -> Option<(Name, W)> {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.change(name, |tenant, _| {
            tenant.held = tenant.held.saturating_sub(1);
        });
        let next = self.claims.values().next()?.clone();
        let (_, waiter) = self.change(&next, |tenant, turn| {
            tenant.held += 1;
            tenant.turn = turn;
            tenant.waiting.pop_front()
        })?;
        self.waiting -= 1;
        self.in_flight += 1;
        Some((next, waiter))
    }

    /// Has the newest of the most crowded tenant go, if the newcomer's has a better claim.
    fn make_room(&mut self, name: &Name) -> Result<W, Crowded> {
        let own = self.tenants.get(name);
        let own = own.map_or(0, |tenant| tenant.waiting.len());
        let (most, crowded) = self.crowds.last().cloned().ok_or(Crowded::All)?;
        if own + 1 >= most {
            return Err(match own > 0 && self.crowds.len() > 1 {
                true => Crowded::Tenant,
                false => Crowded::All,
            });
        }
        let newest = self.change(&crowded, |tenant, _| tenant.waiting.pop_back());
        self.waiting -= 1;
        newest.map(|(_, waiter)| waiter).ok_or(Crowded::All)
    }

    /// Changes a tenant and keeps the orders true. A tenant that neither holds nor waits is forgotten.
    /// The change may give it a new turn.
    fn change<R>(&mut self, name: &Name, change: impl FnOnce(&mut Tenant<W>, Turn) -> R) -> R {
        self.last_turn += 1;
        let turn = self.last_turn;
        let mut entry = match self.tenants.entry(name.clone()) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(Tenant::new(turn)),
        };
        let tenant = entry.get_mut();
        if !tenant.waiting.is_empty() {
            self.claims.remove(&(tenant.held, tenant.turn));
            self.crowds.remove(&(tenant.waiting.len(), name.clone()));
        }
        let changed = change(tenant, turn);
        if !tenant.waiting.is_empty() {
            self.claims.insert((tenant.held, tenant.turn), name.clone());
            self.crowds.insert((tenant.waiting.len(), name.clone()));
        } else if tenant.held == 0 {
            entry.remove();
        }
        changed
    }
}

impl<W> Tenant<W> {
    fn new(turn: Turn) -> Self {
        Self {
            held: 0,
            turn,
            waiting: VecDeque::new(),
        }
    }
}

#[cfg(test)]
mod tests;
