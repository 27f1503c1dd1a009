use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// A job, and whether it is light.
struct Act(bool, Box<Run>);

type Run = dyn FnOnce(&Arc<Acts>, bool) + Send;

/// What each holds.
const WEIGHT: usize = 1024;

/// Work that is sent in, a batch for each read.
struct Acts {
    pool: Pool<Act>,
    input: Mutex<Receiver<Vec<Act>>>,
    flushed: Sender<()>,
    put_off: AtomicBool,
    jammed: AtomicBool,
}

impl Work for Acts {
    type Job = Act;

    fn pool(&self) -> &Pool<Act> {
        &self.pool
    }

    fn read(self: &Arc<Self>, jobs: &mut Vec<Act>) -> bool {
        let batch = self.input.lock().unwrap().recv();
        jobs.extend(batch.into_iter().flatten());
        !jobs.is_empty()
    }

    fn run(self: &Arc<Self>, job: Act, more: bool) {
        job.1(self, more);
    }

    fn weight(_: &Act) -> usize {
        WEIGHT
    }

    fn is_light(job: &Act) -> bool {
        job.0
    }

    fn is_jammed(&self) -> bool {
        self.jammed.load(Ordering::Relaxed)
    }

    fn has_input(&self) -> bool {
        true
    }

    fn flush(&self) {
        let _ = self.flushed.send(());
    }

    fn is_put_off(&self) -> bool {
        self.put_off.load(Ordering::Relaxed)
    }
}

struct Peer {
    acts: Arc<Acts>,
    /// Dropped, it ends the input.
    input: Sender<Vec<Act>>,
    flushed: Receiver<()>,
    woken: OwnedFd,
}

fn start() -> Peer {
    let (woken, wake) = rustix::pipe::pipe().unwrap();
    let (input, batches) = channel();
    let (flush, flushed) = channel();
    let acts = Arc::new(Acts {
        pool: Pool::new(wake),
        input: Mutex::new(batches),
        flushed: flush,
        put_off: AtomicBool::new(false),
        jammed: AtomicBool::new(false),
    });
    tick(&acts);
    Peer {
        acts,
        input,
        flushed,
        woken,
    }
}

fn act(act: impl FnOnce(bool) + Send + 'static) -> Act {
    Act(false, Box::new(move |_, more| act(more)))
}

/// A job that says that it has begun, and waits until it is let go.
fn blocks() -> (Act, Receiver<()>, Sender<()>) {
    let (begin, begun) = channel();
    let (go, gone) = channel::<()>();
    let act = act(move |_| {
        begin.send(()).unwrap();
        let _ = gone.recv();
    });
    (act, begun, go)
}

/// Ticks until something has happened.
fn tick_until<T>(acts: &Arc<Acts>, event: &Receiver<T>) -> T {
    loop {
        tick(acts);
        match event.recv_timeout(TICK) {
            Ok(event) => return event,
            Err(error) => assert_ne!(error, std::sync::mpsc::RecvTimeoutError::Disconnected),
        }
    }
}

#[test]
fn a_worker_that_blocks_is_replaced() {
    let peer = start();
    let (sender, receiver) = channel();
    let (held, begun, go) = blocks();
    let behind = sender.clone();
    peer.input
        .send(vec![held, act(move |_| behind.send("behind").unwrap())])
        .unwrap();
    begun.recv().unwrap();
    // What was read with it, then what comes in while it runs.
    assert_eq!(tick_until(&peer.acts, &receiver), "behind");
    let read = sender.clone();
    peer.input
        .send(vec![act(move |_| read.send("read").unwrap())])
        .unwrap();
    assert_eq!(tick_until(&peer.acts, &receiver), "read");
    // And what is queued from elsewhere, at once or as something that goes on.
    let queued = sender.clone();
    submit_all(
        &peer.acts,
        std::iter::once(act(move |_| queued.send("queued").unwrap())),
    );
    assert_eq!(tick_until(&peer.acts, &receiver), "queued");
    resume(&peer.acts, act(move |_| sender.send("resumed").unwrap()));
    assert_eq!(tick_until(&peer.acts, &receiver), "resumed");
    assert!(!peer.acts.pool.is_idle());
    drop(go);
}

#[test]
fn one_worker_does_all_that_does_not_block() {
    let peer = start();
    let (sender, receiver) = channel();
    for _ in 0..3 {
        let batch = (0..2).map(|_| {
            let sender = sender.clone();
            act(move |more| sender.send((std::thread::current().id(), more)).unwrap())
        });
        peer.input.send(batch.collect()).unwrap();
        let (first, second) = (receiver.recv().unwrap(), receiver.recv().unwrap());
        assert_eq!(first.0, second.0);
        // The last one of a batch has nobody behind it to write what was put off.
        assert_eq!((first.1, second.1), (true, false));
    }
    assert_eq!(peer.acts.pool.lock().threads, 1);
}

#[test]
fn a_job_that_panics_costs_no_worker() {
    let peer = start();
    let (sender, receiver) = channel();
    let after = act(move |_| sender.send(()).unwrap());
    peer.input
        .send(vec![act(|_| panic!("what a job may do")), after])
        .unwrap();
    receiver.recv().unwrap();
    while !peer.acts.pool.is_quiet() {
        std::thread::yield_now();
    }
    assert_eq!(peer.acts.pool.lock().threads, 1);
}

#[test]
fn what_was_put_off_for_a_job_that_another_took_is_flushed() {
    let peer = start();
    let (held, begun, go) = blocks();
    let (sender, receiver) = channel();
    let other = act(move |more| sender.send(more).unwrap());
    peer.input.send(vec![held, other]).unwrap();
    begun.recv().unwrap();
    assert!(!tick_until(&peer.acts, &receiver));
    assert!(peer.flushed.try_recv().is_err());
    drop(go);
    peer.flushed.recv().unwrap();
}

#[test]
fn what_was_put_off_and_nobody_is_at_is_flushed() {
    let peer = start();
    let (held, begun, go) = blocks();
    peer.input.send(vec![held]).unwrap();
    begun.recv().unwrap();
    peer.acts.put_off.store(true, Ordering::Relaxed);
    tick_until(&peer.acts, &peer.flushed);
    drop(go);
}

#[test]
fn nobody_reads_while_too_much_is_queued() {
    let peer = start();
    let (held, begun, go) = blocks();
    let (sender, receiver) = channel();
    let mut batch = vec![held];
    batch.extend((0..=MAX_QUEUED / WEIGHT).map(|_| act(|_| {})));
    peer.input.send(batch).unwrap();
    begun.recv().unwrap();
    peer.input
        .send(vec![act(move |_| sender.send(()).unwrap())])
        .unwrap();
    let state = peer.acts.pool.lock();
    assert!(!state.reading && state.queue.weight >= MAX_QUEUED);
    drop(state);
    drop(go);
    tick_until(&peer.acts, &receiver);
    assert!(peer.acts.pool.lock().queue.is_empty());
}

/// As many as there may be are held up, and more of their kind wait.
#[test]
fn light_jobs_are_done_while_all_others_block() {
    let peer = start();
    let (holders, gone): (Vec<_>, Vec<_>) = (0..MAX_RUNNING + 10)
        .map(|_| {
            let (held, begun, go) = blocks();
            (held, (begun, go))
        })
        .unzip();
    peer.input.send(holders).unwrap();
    for (begun, _) in gone.iter().take(MAX_RUNNING) {
        tick_until(&peer.acts, begun);
    }
    let (sender, receiver) = channel();
    let light = |sender: Sender<()>| Act(true, Box::new(move |_, _| sender.send(()).unwrap()));
    for _ in 0..3 {
        peer.input.send(vec![light(sender.clone())]).unwrap();
        tick_until(&peer.acts, &receiver);
    }
    submit_all(&peer.acts, std::iter::once(light(sender)));
    tick_until(&peer.acts, &receiver);
    let (begun, _) = &gone[MAX_RUNNING];
    assert!(begun.try_recv().is_err(), "one more than may run");
    while peer.acts.pool.lock().running > MAX_RUNNING {
        std::thread::yield_now();
    }
    let state = peer.acts.pool.lock();
    assert_eq!(state.queue.len(), 10);
    assert!(state.threads <= MAX_RUNNING + MORE_THREADS);
}

#[test]
fn jobs_keep_their_order_while_they_may_run() {
    let mut queue = Queue::new();
    let [a, b, c, d] = [false, true, false, true];
    for is_light in [a, b, c, d] {
        queue.push::<Acts>(7, Act(is_light, Box::new(|_, _| {})));
    }
    assert!(queue.is_late(8, true) && !queue.is_late(7, false));
    let order: Vec<bool> = std::iter::from_fn(|| queue.pop(false))
        .map(|it| it.0)
        .collect();
    assert_eq!(order, [a, b, c, d]);
    assert_eq!((queue.weight, queue.len()), (0, 0));
    queue.push::<Acts>(7, Act(false, Box::new(|_, _| {})));
    assert!(queue.pop(true).is_none() && !queue.is_late(8, true));
}

#[test]
fn nothing_is_begun_while_nobody_takes_what_comes_of_it() {
    let peer = start();
    let (held, begun, go) = blocks();
    peer.input.send(vec![held]).unwrap();
    begun.recv().unwrap();
    peer.acts.jammed.store(true, Ordering::Relaxed);
    let (sender, receiver) = channel();
    let queued = act(move |_| sender.send(()).unwrap());
    submit_all(&peer.acts, std::iter::once(queued));
    drop(go);
    while !peer.acts.pool.is_idle() {
        std::thread::yield_now();
    }
    for _ in 0..5 {
        tick(&peer.acts);
    }
    assert!(receiver.try_recv().is_err());
    peer.acts.jammed.store(false, Ordering::Relaxed);
    tick_until(&peer.acts, &receiver);
}

#[test]
fn the_end_of_the_input_wakes_the_supervisor_and_stops_nothing() {
    let peer = start();
    let (held, begun, go) = blocks();
    peer.input.send(vec![held]).unwrap();
    begun.recv().unwrap();
    drop(peer.input);
    while !peer.acts.pool.has_ended() {
        tick(&peer.acts);
        std::thread::yield_now();
    }
    let mut byte = [0];
    assert_eq!(rustix::io::read(&peer.woken, &mut byte), Ok(1));
    assert!(!peer.acts.pool.is_quiet());
    let (sender, receiver) = channel();
    submit_all(
        &peer.acts,
        std::iter::once(act(move |_| sender.send(()).unwrap())),
    );
    tick_until(&peer.acts, &receiver);
    drop(go);
}

#[test]
fn a_supervisor_without_work_sleeps_until_there_is_some() {
    let peer = start();
    let (sender, receiver) = channel();
    while peer.acts.pool.next_tick().is_some() {
        tick(&peer.acts);
        std::thread::yield_now();
    }
    peer.input
        .send(vec![act(move |_| sender.send(()).unwrap())])
        .unwrap();
    let mut byte = [0];
    assert_eq!(rustix::io::read(&peer.woken, &mut byte), Ok(1));
    receiver.recv().unwrap();
    assert!(peer.acts.pool.next_tick().is_some());
}
