//! The cache as the invocation that holds the isolate sees it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    cell::cache::{Cache, Found, Ticket, Waiter},
    invocation::FunctionKey,
};

#[derive(Debug)]
pub struct Caching {
    cache: Arc<Cache>,
    function: FunctionKey,
    invocation: u64,
    last_waiter: u64,
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
            contents: Bytes::new(),
        }
    }

    /// Looks for a value, under a new number should it have to be waited for.
    pub fn look(&mut self, key: &str) -> (Found, u64) {
        self.last_waiter += 1;
        let waiter = Waiter {
            invocation: self.invocation,
            id: self.last_waiter,
        };
        (self.cache.look(&self.function, key, waiter), waiter.id)
    }

    pub fn store(&self, ticket: Ticket, contents: Bytes, ttl: Option<Duration>) {
        self.cache.store(ticket, contents, ttl);
    }

    pub fn fail(&self, ticket: Ticket, error: Bytes) {
        self.cache.fail(ticket, error);
    }

    pub fn abandon(&self, ticket: Ticket) {
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
