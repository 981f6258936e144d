//! The ledger in single steps, and against a model that counts everything anew at each of many random ones.

use super::*;

fn name(name: &str) -> Name {
    name.into()
}

/// A ledger whose places are all taken by tenant `busy`.
fn full(places: usize, room: usize) -> Ledger<u32> {
    let mut ledger = Ledger::new(places, room);
    for _ in 0..places {
        assert!(ledger.take(&name("busy")));
    }
    ledger
}

/// Lets these wait, each with its number as what tells it.
fn join(ledger: &mut Ledger<u32>, tenants: &[&str]) -> Vec<Ticket> {
    let numbered = tenants.iter().zip(0..);
    let joined = numbered.map(|(tenant, number)| ledger.join(&name(tenant), number));
    joined.map(|joined| joined.unwrap().ticket).collect()
}

#[test]
fn places_go_to_who_holds_the_fewest_and_then_in_turn() {
    #[track_caller]
    fn check(waiting: &[&str], expect: &[&str]) {
        let mut ledger = full(8, 100);
        join(&mut ledger, waiting);
        let served = (0..8).map_while(|_| ledger.leave(&name("busy")));
        let served: Vec<_> = served.map(|(tenant, _)| tenant.to_string()).collect();
        assert_eq!(served, expect, "{waiting:?}");
    }
    check(&["a", "a", "a", "b"], &["a", "b", "a", "a"]);
    check(
        &["a", "b", "c", "a", "b", "c"],
        &["a", "b", "c", "a", "b", "c"],
    );
    check(&["busy", "busy", "a"], &["a", "busy", "busy"]);
    check(
        &["busy", "a", "a", "a", "a", "a", "a"],
        &["a", "a", "a", "a", "busy", "a", "a"],
    );
}

#[test]
fn one_tenant_alone_has_all_places_and_all_the_room() {
    let mut ledger = full(3, 2);
    join(&mut ledger, &["busy", "busy"]);
    assert_eq!(ledger.join(&name("busy"), 9).unwrap_err(), Crowded::All);
    assert_eq!((ledger.in_flight(), ledger.waiting()), (3, 2));
}

#[test]
fn a_newcomer_displaces_the_newest_of_the_most_crowded_tenant() {
    let mut ledger = full(1, 4);
    join(&mut ledger, &["busy", "busy", "busy", "busy"]);
    let displaced = |joined: Result<Joined<u32>, Crowded>| joined.map(|joined| joined.displaced);
    assert_eq!(displaced(ledger.join(&name("a"), 7)), Ok(Some(3)));
    assert_eq!(displaced(ledger.join(&name("a"), 8)), Ok(Some(2)));
    // Two each now: nobody has a better claim.
    assert_eq!(displaced(ledger.join(&name("a"), 9)), Err(Crowded::Tenant));
    assert_eq!(
        displaced(ledger.join(&name("busy"), 9)),
        Err(Crowded::Tenant)
    );
    assert_eq!(displaced(ledger.join(&name("b"), 5)), Ok(Some(1)));
    assert_eq!(ledger.waiting(), 4);
}

#[test]
fn one_that_goes_is_not_served() {
    let mut ledger = full(1, 4);
    let tickets = join(&mut ledger, &["a", "a", "a"]);
    assert_eq!(ledger.withdraw(&name("a"), tickets[1]), Some(1));
    assert_eq!(ledger.withdraw(&name("a"), tickets[1]), None);
    assert_eq!(
        ledger.leave(&name("busy")).map(|(_, waiter)| waiter),
        Some(0)
    );
    assert_eq!(ledger.leave(&name("a")).map(|(_, waiter)| waiter), Some(2));
    assert_eq!(ledger.leave(&name("a")), None);
    assert!(ledger.tenants.is_empty() && ledger.claims.is_empty() && ledger.crowds.is_empty());
}

/// Numbers that are the same in every run of a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap()
    }
}

/// What the ledger should know, kept in the plainest way.
struct Model {
    ledger: Ledger<u32>,
    names: Vec<Name>,
    /// The tenant of each place taken.
    held: Vec<usize>,
    /// Tenant, ticket, number, and how often others were served since it came first in its tenant's line while
    /// that held nothing.
    waiting: Vec<(usize, Ticket, u32, usize)>,
    next: u32,
}

impl Model {
    fn holds(&self, tenant: usize) -> usize {
        self.held.iter().filter(|held| **held == tenant).count()
    }

    fn waits(&self, tenant: usize) -> usize {
        self.waiting.iter().filter(|one| one.0 == tenant).count()
    }

    fn arrive(&mut self, tenant: usize) {
        let name = self.names[tenant].clone();
        if self.ledger.take(&name) {
            assert!(
                self.waiting.is_empty(),
                "a place is free and somebody waits"
            );
            self.held.push(tenant);
            return;
        }
        assert_eq!(self.held.len(), self.ledger.places);
        self.next += 1;
        let number = self.next;
        let own = self.waits(tenant);
        let most = (0..self.names.len()).map(|other| self.waits(other)).max();
        let most = most.unwrap_or(0);
        let had_room = self.waiting.len() < self.ledger.room;
        match self.ledger.join(&name, number) {
            Ok(Joined { ticket, displaced }) => {
                assert_eq!(displaced.is_none(), had_room);
                if let Some(displaced) = displaced {
                    let at = self.waiting.iter().position(|one| one.2 == displaced);
                    let (victim, ..) = self.waiting.remove(at.unwrap());
                    assert!(self.waits(victim) + 1 == most && own + 1 < most);
                    let newer =
                        |one: &&(usize, Ticket, u32, usize)| one.0 == victim && one.2 > displaced;
                    assert!(
                        !self.waiting.iter().any(|one| newer(&one)),
                        "its newest goes"
                    );
                }
                self.waiting.push((tenant, ticket, number, 0));
            }
            Err(_) => assert!(!had_room && own + 1 >= most),
        }
    }

    fn end(&mut self, at: usize) {
        let tenant = self.held.swap_remove(at);
        let served = self.ledger.leave(&self.names[tenant]);
        let Some((name, number)) = served else {
            assert!(self.waiting.is_empty(), "a wake-up was lost");
            return;
        };
        let at = self.waiting.iter().position(|one| one.2 == number).unwrap();
        let (served, ..) = self.waiting.remove(at);
        assert_eq!(self.names[served], name);
        let fewest = self.waiting.iter().map(|one| self.holds(one.0)).min();
        assert!(fewest.is_none_or(|fewest| self.holds(served) <= fewest));
        let earlier = self
            .waiting
            .iter()
            .any(|one| one.0 == served && one.2 < number);
        assert!(!earlier, "a tenant's own are served in order");
        self.held.push(served);
        self.note_passed_over();
    }

    fn note_passed_over(&mut self) {
        for tenant in 0..self.names.len() {
            let holds = self.holds(tenant);
            if let Some(first) = self.waiting.iter_mut().find(|one| one.0 == tenant) {
                first.3 = if holds == 0 { first.3 + 1 } else { 0 };
                assert!(
                    first.3 <= self.names.len(),
                    "a tenant that holds nothing starves"
                );
            }
        }
    }

    fn go(&mut self, at: usize) {
        let (tenant, ticket, number, _) = self.waiting.remove(at);
        assert_eq!(
            self.ledger.withdraw(&self.names[tenant], ticket),
            Some(number)
        );
    }

    fn check_counts(&self) {
        assert_eq!(self.ledger.in_flight(), self.held.len());
        assert_eq!(self.ledger.waiting(), self.waiting.len());
        assert!(self.held.len() <= self.ledger.places && self.waiting.len() <= self.ledger.room);
        let names = (0..self.names.len()).filter(|at| self.holds(*at) + self.waits(*at) > 0);
        assert_eq!(
            self.ledger.tenants.len(),
            names.count(),
            "no tenant is kept for nothing"
        );
    }
}

#[test]
fn random_steps_never_pass_a_cap_starve_a_tenant_or_lose_a_wake_up() {
    for seed in 1_u64..=60 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let tenants = 1 + dice.below(7);
        let (places, room) = (1 + dice.below(6), dice.below(12));
        let mut model = Model {
            ledger: Ledger::new(places, room),
            names: (0..tenants)
                .map(|tenant| name(&tenant.to_string()))
                .collect(),
            held: Vec::new(),
            waiting: Vec::new(),
            next: 0,
        };
        for _ in 0..2000 {
            // The first tenant is as busy as all others together.
            let tenant = dice.below(2 * tenants).saturating_sub(tenants);
            match dice.below(10) {
                0..=4 => model.arrive(tenant),
                5..=8 if !model.held.is_empty() => model.end(dice.below(model.held.len())),
                9 if !model.waiting.is_empty() => model.go(dice.below(model.waiting.len())),
                _ => {}
            }
            model.check_counts();
        }
        while !model.held.is_empty() {
            model.end(0);
        }
        model.check_counts();
        assert_eq!(model.ledger.waiting(), 0, "seed {seed}");
    }
}
