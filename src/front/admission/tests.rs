//! Admission as its callers meet it: waits, refusals, and many at once.

use std::sync::atomic::AtomicUsize;

use super::*;

const LONG: Duration = Duration::from_mins(1);

fn admission(places: u32, queue: u32, longest_wait: Duration) -> Admission {
    let room = WaitingRoom {
        queue,
        longest_wait,
    };
    Admission::new(NonZeroU32::new(places).unwrap(), room)
}

fn tenant(name: &str) -> Tenant {
    name.into()
}

/// Waits in a task of its own until it has the place or is refused.
fn spawn(
    admission: &Admission,
    name: &str,
    deadline: Option<Instant>,
) -> tokio::task::JoinHandle<Result<Admitted, Refused>> {
    let (admission, tenant) = (admission.clone(), tenant(name));
    tokio::spawn(async move { admission.admit(&tenant, deadline).await })
}

async fn until_waiting(admission: &Admission, count: usize) {
    while admission.waiting() != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_place_goes_to_who_waits_once_its_holder_is_gone() {
    let admission = admission(1, 2, LONG);
    let first = admission.admit(&tenant("a"), None).await.unwrap();
    assert_eq!((admission.in_flight(), first.waited), (1, None));
    let second = spawn(&admission, "a", None);
    until_waiting(&admission, 1).await;
    drop(first);
    let second = second.await.unwrap().unwrap();
    assert!(second.waited.is_some());
    assert_eq!((admission.in_flight(), admission.waiting()), (1, 0));
    drop(second);
    assert_eq!(admission.in_flight(), 0);
}

#[tokio::test]
async fn without_a_queue_who_finds_no_place_is_refused_at_once() {
    let admission = admission(1, 0, LONG);
    let _first = admission.admit(&tenant("a"), None).await.unwrap();
    let refused = admission.admit(&tenant("b"), None).await.unwrap_err();
    let full = Refusal::Full {
        max_in_flight: 1,
        queue: 0,
    };
    assert_eq!(refused.refusal, full);
    assert!(refused.to_string().contains("--max-in-flight"), "{refused}");
    assert!((25..=75).contains(&refused.retry_after.as_millis()));
}

#[tokio::test]
async fn a_wait_ends_with_the_longest_allowed_or_the_callers_deadline() {
    let admission = admission(1, 4, Duration::from_millis(50));
    let _first = admission.admit(&tenant("a"), None).await.unwrap();
    let waits = spawn(&admission, "a", None);
    let later = Instant::now() + LONG;
    let waits_as_long = spawn(&admission, "a", Some(later));
    for waits in [waits, waits_as_long] {
        let refused = waits.await.unwrap().unwrap_err();
        assert!(
            matches!(refused.refusal, Refusal::Waited { .. }),
            "{refused}"
        );
        assert!(refused.to_string().contains("--queue-ms"), "{refused}");
    }
    let soon = Instant::now() + Duration::from_millis(1);
    let refused = admission.admit(&tenant("a"), Some(soon)).await.unwrap_err();
    assert_eq!(refused.refusal, Refusal::Deadline);
    assert_eq!(admission.waiting(), 0, "they have left the queue");
}

#[tokio::test]
async fn a_caller_that_goes_leaves_the_queue() {
    let admission = admission(1, 2, LONG);
    let first = admission.admit(&tenant("a"), None).await.unwrap();
    let gone = spawn(&admission, "a", None);
    until_waiting(&admission, 1).await;
    gone.abort();
    until_waiting(&admission, 0).await;
    drop(first);
    assert_eq!(admission.in_flight(), 0);
}

#[tokio::test]
async fn a_place_given_to_one_that_goes_at_the_same_moment_is_passed_on() {
    let admission = admission(1, 2, LONG);
    let first = admission.admit(&tenant("a"), None).await.unwrap();
    let gone = spawn(&admission, "a", None);
    until_waiting(&admission, 1).await;
    let next = spawn(&admission, "b", None);
    until_waiting(&admission, 2).await;
    // On one thread, the task can't run between these: its place is in its hands unseen.
    drop(first);
    gone.abort();
    next.await.unwrap().unwrap();
    assert_eq!((admission.in_flight(), admission.waiting()), (0, 0));
}

#[tokio::test]
async fn the_displaced_is_told_whose_share_it_was_over() {
    let admission = admission(1, 2, LONG);
    let _first = admission.admit(&tenant("busy"), None).await.unwrap();
    let kept = spawn(&admission, "busy", None);
    until_waiting(&admission, 1).await;
    let displaced = spawn(&admission, "busy", None);
    until_waiting(&admission, 2).await;
    let newcomer = spawn(&admission, "rare", None);
    let refused = displaced.await.unwrap().unwrap_err();
    let share = Refusal::Share {
        function: tenant("busy"),
        queue: 2,
    };
    assert_eq!(refused.refusal, share);
    assert_eq!(admission.waiting(), 2);
    kept.abort();
    newcomer.abort();
}

#[tokio::test]
async fn who_is_refused_stays_away_for_about_as_long_as_waiting_takes() {
    let admission = admission(1, 0, LONG);
    for _ in 0..100 {
        admission.note_wait(Duration::from_secs(2));
    }
    let refused = admission.refused(Refusal::Deadline, None);
    assert!(
        (900..=3100).contains(&refused.retry_after.as_millis()),
        "{refused:?}"
    );
    for _ in 0..100 {
        admission.note_wait(LONG);
    }
    let refused = admission.refused(Refusal::Deadline, None);
    assert!(refused.retry_after <= LONGEST_ABSENCE * 3 / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_never_pass_the_cap_and_all_come_to_an_end() {
    const PLACES: u32 = 5;
    let admission = admission(PLACES, 50, LONG);
    let inside = Arc::new(AtomicUsize::new(0));
    let callers = (0..400_u32).map(|number| {
        let (admission, inside) = (admission.clone(), inside.clone());
        tokio::spawn(async move {
            let tenant = tenant(&(number % 7).min(3).to_string());
            for round in 0..20 {
                let admitted = admission.admit(&tenant, None);
                // Some lose their patience.
                let patience = Duration::from_micros(u64::from((number * 31 + round * 7) % 400));
                let Ok(Ok(admitted)) = time::timeout(patience, admitted).await else {
                    continue;
                };
                let others = inside.fetch_add(1, Ordering::AcqRel);
                assert!(others < PLACES as usize, "{others} others are inside");
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::AcqRel);
                drop(admitted);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    assert_eq!((admission.in_flight(), admission.waiting()), (0, 0));
}
