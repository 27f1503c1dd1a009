//! placeholder until merged
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionModel {
    /// x
    Async,
    /// x
    Sync,
    /// x
    ThreadCpuBound,
    /// x
    ProcessCpuBound,
}
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// x
    InProcess,
    /// x
    McpStdio,
    /// x
    McpHttp,
}
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdempotencyMode {
    /// x
    InputHash,
    /// x
    OutputHash,
    /// x
    None,
}
/// x
#[derive(Debug)]
pub struct Manifest {}
/// x
#[derive(Debug)]
pub struct Dependency {}
/// x
#[derive(Debug)]
pub struct Resources {}
/// x
#[derive(Debug)]
pub struct UnitOfWork {}
