//! What the threads of the executable share, and the jobs that they do.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::bounds::Bounds;
use super::envelope::{self, INVALID_REQUEST, PARSE_ERROR, error_line};
use super::host_calls::HostCalls;
use super::in_flight::InFlight;
use super::instance::{Admitted, Instance, SetupFailure};
use super::log_format::visible;
use super::log_view::LogView;
use super::outlet::Outlet;
use super::pool::{self, Pool, Work};
use super::reader::{Line, LineReader, Spare};
use super::runtime::AsyncRuntime;
use super::session::Session;
use super::standalone_config::StandaloneConfig;
use super::standalone_resources::StandaloneResources;
use super::tools::{HookId, Tools};
use super::turns::Turns;
use super::unix;
use super::writer::LineWriter;
use dagstack_engine::ChangeQueue;
use dagstack_engine::feed::SectionFeed;
use dagstack_plugin_core::context::PluginScope;
use dagstack_plugin_core::declaration::{Declaration, Hook};
use dagstack_plugin_core::error::code;
use dagstack_plugin_core::registration::Registration;
use dagstack_plugin_core::resources::ResourceSet;
use dagstack_plugin_core::sync::lock;

/// Everything the threads of the executable share.
pub(super) struct Server {
    /// At least one.
    pub(super) plugins: Box<[Arc<Hosted>]>,
    pub(super) tools: Tools,
    /// The executable holds several plugins, whether or not all of them are served.
    pub(super) in_company: bool,
    /// The order of the setups and teardowns that are asked for.
    pub(super) turns: Turns,
    pub(super) in_flight: InFlight,
    /// What all requests together may hold.
    pub(super) bounds: Bounds,
    /// And what the answers of batches do that are not complete.
    pub(super) batch_bounds: Bounds,
    pub(super) output: LineWriter,
    pub(super) runtime: AsyncRuntime,
    pub(super) session: Session,
    pub(super) host_calls: HostCalls,
    pub(super) pool: Pool<Job>,
    pub(super) input: Mutex<LineReader>,
    pub(super) spare: Spare,
    pub(super) router: Box<dyn Router>,
    /// The process ends because of what [`refuse`](Self::refuse) says.
    pub(super) is_refused: AtomicBool,
}

/// One plugin of this process.
pub(super) struct Hosted {
    pub(super) registration: Registration,
    pub(super) declaration: &'static Declaration,
    pub(super) instance: Instance<ParkedCall>,
    /// What all its calls share.
    pub(super) scope: Arc<PluginScope>,
    /// Which of their records the client gets.
    pub(super) log_view: LogView,
    /// Its config, where no dagstack host says one.
    pub(super) config: StandaloneConfig,
    /// What it is given where no dagstack host gives it resources.
    pub(super) resources: StandaloneResources,
    /// The resources of the instance that is set up, or being set up.
    pub(super) brought: Mutex<ResourceSet>,
    /// The config of the instance that is set up, or being set up, as it changes.
    pub(super) feed: Mutex<Option<SectionFeed>>,
    /// Where its subscribers are told.
    pub(super) changes: ChangeQueue,
}

/// A plugin that is about to be served.
pub(super) struct Prepared {
    pub(super) registration: Registration,
    pub(super) config: StandaloneConfig,
    pub(super) resources: StandaloneResources,
}

impl Hosted {
    pub(super) fn new(server: &Weak<Server>, prepared: Prepared) -> Self {
        let Prepared {
            registration,
            config,
            resources,
        } = prepared;
        let declaration = registration.declaration();
        Self {
            registration,
            declaration,
            instance: Instance::default(),
            scope: Arc::new(PluginScope::of(declaration)),
            log_view: LogView::new(Weak::<Server>::clone(server), declaration.name),
            config,
            resources,
            brought: Mutex::default(),
            feed: Mutex::default(),
            changes: ChangeQueue::default(),
        }
    }
}

/// Decides what a line is.
pub(super) trait Router: Send + Sync {
    /// Makes jobs of a line. Nothing here waits for anything.
    fn route(&self, server: &Arc<Server>, line: Cow<'_, str>, jobs: &mut Vec<Job>);
}

/// What a worker does next.
pub(super) struct Job {
    run: Box<Run>,
    /// What it holds, in bytes.
    weight: usize,
    /// It runs no author's code.
    is_light: bool,
}

type Run = dyn FnOnce(&Arc<Server>, bool) + Send;

/// What a job holds beside the text it came in.
const OVERHEAD: usize = 256;

/// A call that waits for the instance: what it then has a worker do.
pub(super) type ParkedCall = Box<dyn FnOnce(Admitted) -> Job + Send>;

impl Job {
    /// `run` is told whether other jobs wait.
    pub(super) fn new(run: impl FnOnce(&Arc<Server>, bool) + Send + 'static) -> Self {
        Self {
            run: Box::new(run),
            weight: OVERHEAD,
            is_light: false,
        }
    }

    /// The same job, which holds so many bytes of text.
    pub(super) fn holding(mut self, bytes: usize) -> Self {
        self.weight += bytes;
        self
    }

    /// Writes an answer that is ready.
    pub(super) fn answer(line: Vec<u8>) -> Self {
        let bytes = line.len();
        let job = Self::new(move |server, more| server.output.send(line, more));
        job.holding(bytes).light()
    }

    /// Writes what waits to be written.
    pub(super) fn flush() -> Self {
        Self::new(|server, _| server.output.flush()).light()
    }

    /// The same job, which runs no author's code.
    pub(super) fn light(mut self) -> Self {
        self.is_light = true;
        self
    }
}

impl Outlet for Server {
    fn output(&self) -> &LineWriter {
        &self.output
    }

    fn batch_bounds(&self) -> &Bounds {
        &self.batch_bounds
    }

    fn flush_soon(self: Arc<Self>) {
        self.submit(Job::flush());
    }
}

impl Work for Server {
    type Job = Job;

    fn pool(&self) -> &Pool<Job> {
        &self.pool
    }

    fn read(self: &Arc<Self>, jobs: &mut Vec<Job>) -> bool {
        let mut input = lock(&self.input);
        let goes_on = input.fill(&self.spare);
        while let Some(line) = input.next_line() {
            let line = match line {
                Line::Here(range) => std::str::from_utf8(input.bytes(range)).ok().map(Cow::from),
                Line::Own(bytes) => String::from_utf8(bytes).ok().map(Cow::from),
                Line::TooLong(head) => {
                    let problem = format!(
                        "the line is longer than {} bytes and was skipped; `--max-message` allows longer ones",
                        input.max_line()
                    );
                    let id = envelope::id_in(&head);
                    jobs.push(Job::answer(error_line(id, INVALID_REQUEST, &problem)));
                    continue;
                }
            };
            match line {
                Some(line) => self.router.route(self, line, jobs),
                None => {
                    let line = error_line(None, PARSE_ERROR, "the line is not UTF-8");
                    jobs.push(Job::answer(line));
                }
            }
        }
        // A client that was refused is not read any further.
        let goes_on = goes_on && !self.is_refused();
        if !goes_on {
            self.host_calls.end();
            if !self.session.has_extension()
                && let Some(failure) = self.refuse()
            {
                // Where stderr fails there is nowhere to say it.
                let line = format!("error: {}\n", visible(&failure.message));
                let _ = unix::write_all(unix::stderr(), line.as_bytes());
            }
        }
        goes_on
    }

    fn weight(job: &Job) -> usize {
        job.weight
    }

    fn is_light(job: &Job) -> bool {
        job.is_light
    }

    fn is_jammed(&self) -> bool {
        self.output.is_full()
    }

    fn run(self: &Arc<Self>, job: Job, more: bool) {
        (job.run)(self, more);
    }

    fn has_input(&self) -> bool {
        self.input
            .try_lock()
            .is_ok_and(|input| input.has_something())
    }

    fn flush(&self) {
        self.output.flush();
    }

    fn is_put_off(&self) -> bool {
        self.output.is_waiting()
    }
}

impl Server {
    /// Whether nobody writes to the input any more, be there unread lines or not. Only asked while nobody
    /// reads.
    pub(super) fn has_lost_input(&self) -> bool {
        self.input.try_lock().is_ok_and(|input| input.is_hung_up())
    }

    /// The plugin, where there is one only: a dagstack host knows an executable as one.
    pub(super) fn single(&self) -> Option<&Arc<Hosted>> {
        match &*self.plugins {
            [plugin] => Some(plugin),
            _ => None,
        }
    }

    /// The hook of a call.
    pub(super) fn hook(&self, id: HookId) -> Option<(&Arc<Hosted>, &'static Hook)> {
        let plugin = self.plugins.get(id.plugin)?;
        Some((plugin, plugin.declaration.hooks.get(id.hook)?))
    }

    /// The peer is no host of ours: what is wrong with the environment, or missing, then ends the process.
    pub(super) fn refuse(&self) -> Option<SetupFailure> {
        let mut problems = Vec::new();
        for plugin in &self.plugins {
            let of_config = plugin.config.problem.clone();
            problems.extend(of_config.map(|problem| (code::CONFIG_INVALID, problem)));
            problems.extend(plugin.resources.problem());
        }
        let (code, _) = problems.first()?;
        self.is_refused.store(true, Ordering::Relaxed);
        let texts = problems.iter().map(|(_, problem)| problem.as_str());
        let mut text = texts.collect::<Vec<_>>().join("\n");
        if problems.len() < self.plugins.len() {
            text.push_str(
                "\nhelp: or leave the plugin out: `--only NAME` serves the plugin NAME alone",
            );
        }
        Some(SetupFailure::new(code, text))
    }

    /// Whether the process is to end for it.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// Waits for the setup of all plugins. One that failed keeps the others from nothing.
    pub(super) async fn ready(&self) -> Result<(), SetupFailure> {
        let mut outcome = None;
        for plugin in &self.plugins {
            let ready = plugin.instance.ready().await;
            outcome = match (outcome, ready) {
                (Some(Ok(())), _) | (_, Ok(())) => Some(Ok(())),
                (failed @ Some(Err(_)), Err(_)) => failed,
                (None, failed) => Some(failed),
            };
        }
        outcome.unwrap_or(Ok(()))
    }

    /// Queues a job.
    pub(super) fn submit(self: &Arc<Self>, job: Job) {
        pool::submit_all(self, std::iter::once(job));
    }
}
