//! The turns of a worker's tasks: their order, their limits and their pauses.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    thread,
    time::Duration,
};

use tokio::{
    runtime,
    task::{LocalSet, spawn_local, yield_now},
    time::Instant,
};
use turns::Turns;

#[path = "../../src/server/turns.rs"]
mod turns;

/// The time of a turn that is long on any machine.
const LONG: Duration = Duration::from_millis(1);

fn block_on(test: impl Future<Output = ()>) {
    let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Turns without limits that a test could meet.
fn unlimited() -> Rc<Turns> {
    Rc::new(Turns::new(1000, Duration::from_secs(60)))
}

#[test]
fn tasks_with_long_turns_get_them_one_after_another_in_their_order() {
    block_on(async {
        let turns = unlimited();
        let order = Rc::new(RefCell::new(Vec::new()));
        let tasks: Vec<_> = (0..10)
            .map(|task| {
                let (turns, order) = (turns.clone(), order.clone());
                spawn_local(async move {
                    for _ in 0..5 {
                        let turn = turns.acquire(deadline()).await.unwrap();
                        order.borrow_mut().push(task);
                        thread::sleep(LONG);
                        turn.end().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }

        for round in order.borrow().chunks(10) {
            let mut tasks = round.to_vec();
            tasks.sort_unstable();
            assert_eq!(tasks, (0..10).collect::<Vec<_>>(), "{:?}", order.borrow());
        }
    });
}

#[test]
fn after_a_long_turn_no_task_is_overtaken_more_often_than_there_are_tasks() {
    const TASKS: usize = 100;
    block_on(async {
        let turns = unlimited();
        let begun = Rc::new(Cell::new(0));
        let most_overtaken = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (turns, begun, most_overtaken) =
                    (turns.clone(), begun.clone(), most_overtaken.clone());
                spawn_local(async move {
                    for round in 0..50 {
                        let before = begun.get();
                        let turn = turns.acquire(deadline()).await.unwrap();
                        most_overtaken.set(most_overtaken.get().max(begun.get() - before));
                        begun.set(begun.get() + 1);
                        // In the fifth round, one turn is long, when the others have come.
                        if round == 5 && task == 0 {
                            thread::sleep(LONG);
                        }
                        turn.end().await;
                        yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }

        assert!(most_overtaken.get() <= 2 * TASKS, "{}", most_overtaken.get());
    });
}

#[test]
fn between_long_turns_other_tasks_run() {
    block_on(async {
        let turns = unlimited();
        let long_turns = Rc::new(Cell::new(0));
        for _ in 0..10 {
            let (turns, long_turns) = (turns.clone(), long_turns.clone());
            spawn_local(async move {
                let turn = turns.acquire(deadline()).await.unwrap();
                long_turns.set(long_turns.get() + 1);
                thread::sleep(LONG);
                turn.end().await;
            });
        }

        for seen in 0..10 {
            // A task that needs no turn, such as a probe, runs after each long turn.
            assert!(long_turns.get() <= seen, "{} long turns in {seen} rounds", long_turns.get());
            yield_now().await;
        }
    });
}

#[test]
fn a_task_that_is_aborted_in_its_pause_keeps_no_other_from_its_turn() {
    block_on(async {
        let turns = unlimited();
        let has_begun = Rc::new(Cell::new(false));
        let aborted = spawn_local({
            let (turns, has_begun) = (turns.clone(), has_begun.clone());
            async move {
                let turn = turns.acquire(deadline()).await.unwrap();
                thread::sleep(LONG);
                has_begun.set(true);
                turn.end().await;
            }
        });
        let waiting = spawn_local({
            let turns = turns.clone();
            async move { turns.acquire(Instant::now() + Duration::from_secs(10)).await.is_some() }
        });
        while !has_begun.get() {
            yield_now().await;
        }
        aborted.abort();

        assert!(waiting.await.unwrap());
    });
}

#[test]
fn a_task_beyond_the_limit_is_refused_at_once_and_a_long_wait_ends() {
    block_on(async {
        let longest_wait = Duration::from_millis(20);
        let turns = Rc::new(Turns::new(8, longest_wait));
        let tasks: Vec<_> = (0..12)
            .map(|_| {
                let turns = turns.clone();
                spawn_local(async move {
                    let start = Instant::now();
                    let turn = turns.acquire(deadline()).await;
                    let waited = start.elapsed();
                    if let Some(turn) = turn {
                        thread::sleep(Duration::from_millis(15));
                        turn.end().await;
                        return (true, waited);
                    }
                    (false, waited)
                })
            })
            .collect();
        let mut served = 0;
        let mut refused_at_once = 0;
        let mut refused_later = 0;
        for task in tasks {
            match task.await.unwrap() {
                (true, _) => served += 1,
                (false, waited) if waited < longest_wait => refused_at_once += 1,
                (false, _) => refused_later += 1,
            }
        }

        // One has its turn, eight wait, and three find no place.
        assert_eq!(refused_at_once, 3);
        assert!(
            served >= 1 && refused_later >= 1,
            "{served} served, {refused_later} refused later"
        );
        assert_eq!(served + refused_later, 9);
    });
}
