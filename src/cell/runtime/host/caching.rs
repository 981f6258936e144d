//! The cache as the invocation that holds the isolate sees it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    cell::cache::{Cache, Found, Ticket, Waiter},
    invocation::FunctionKey,
};

/// Loads that an invocation may have begun and not ended: the cache keeps their keys outside of any heap.
const MAX_LOADS: usize = 1000;

/// The invocation loads as much at once as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cache.load: an invocation may have at most {MAX_LOADS} loads under way")]
pub struct TooManyLoads;

#[derive(Debug)]
pub struct Caching {
    cache: Arc<Cache>,
    function: FunctionKey,
    invocation: u64,
    last_waiter: u64,
    /// Those begun by a look.
    loading: HashSet<Ticket>,
    /// Of the value or error that is being handed over.
    pub contents: Bytes,
}

impl Caching {
    pub fn new(cache: Arc<Cache>, function: FunctionKey, invocation: u64) -> Self {
        Self {
            cache,
            function,
            invocation,
            last_waiter: 0,
            loading: HashSet::new(),
            contents: Bytes::new(),
        }
    }

    /// Looks for a value, under a new number should it have to be waited for.
    ///
    /// # Errors
    /// [`TooManyLoads`] when it would have to be loaded by one who loads too much already.
    pub fn look(&mut self, key: &str) -> Result<(Found, u64), TooManyLoads> {
        self.last_waiter += 1;
        let waiter = Waiter {
            invocation: self.invocation,
            id: self.last_waiter,
        };
        let found = self.cache.look(&self.function, key, waiter);
        if let Found::Load(ticket) = found {
            if self.loading.len() >= MAX_LOADS {
                self.cache.abandon(ticket);
                return Err(TooManyLoads);
            }
            self.loading.insert(ticket);
        }
        Ok((found, waiter.id))
    }

    pub fn store(&mut self, ticket: Ticket, contents: Bytes, ttl: Option<Duration>) {
        self.loading.remove(&ticket);
        self.cache.store(ticket, contents, ttl);
    }

    pub fn fail(&mut self, ticket: Ticket, error: Bytes) {
        self.loading.remove(&ticket);
        self.cache.fail(ticket, error);
    }

    pub fn abandon(&mut self, ticket: Ticket) {
        self.loading.remove(&ticket);
        self.cache.abandon(ticket);
    }

    pub fn delete(&self, key: &str) {
        self.cache.delete(&self.function, key);
    }

    /// The most bytes a value may have to be kept.
    pub fn value_bytes(&self) -> u64 {
        self.cache.value_bytes()
    }
}
