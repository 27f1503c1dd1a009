//! Who needs whom: resolves `depends_on`, refuses cycles, puts plugins into the order of the setup.

use dagstack_plugin::PluginName;
use std::collections::HashMap;

use crate::descriptor::Descriptor;
use crate::error::PluginRegistryError;
use crate::middleware::plugin::chain_wrap;

/// The dependencies among plugins, by their place in the registry's list.
#[derive(Debug)]
pub(crate) struct Graph {
    /// For each plugin those it needs; a dependency that is not registered is its text.
    pub(crate) needs: Vec<Vec<Result<usize, String>>>,
    /// What is set up together, in order. A group needs nothing but earlier groups.
    pub(crate) groups: Vec<Vec<usize>>,
}

impl Graph {
    /// Resolves the dependencies of all plugins.
    ///
    /// # Errors
    ///
    /// `AmbiguousPlugin` for a name that fits two plugins, `DependencyCycle`.
    pub(crate) fn new(plugins: &[&Descriptor]) -> Result<Self, PluginRegistryError> {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, plugin) in plugins.iter().enumerate() {
            by_name.entry(plugin.name.name()).or_default().push(index);
        }
        let mut needs = Vec::with_capacity(plugins.len());
        for plugin in plugins {
            let mut resolved = Vec::with_capacity(plugin.depends_on.len());
            for dependency in &plugin.depends_on {
                // A name without a kind may also be written `kind.name`.
                let (kind, name) = match &dependency.kind {
                    Some(kind) => (Some(kind.as_str()), dependency.name.as_str()),
                    None => match dependency.name.split_once('.') {
                        Some((kind, name)) => (Some(kind), name),
                        None => (None, dependency.name.as_str()),
                    },
                };
                let candidates: Vec<usize> = by_name
                    .get(name)
                    .into_iter()
                    .flatten()
                    .copied()
                    .filter(|&index| kind.is_none_or(|kind| plugins[index].name.kind() == kind))
                    .collect();
                resolved.push(match candidates[..] {
                    [] => Err(dependency.to_string()),
                    [one] => Ok(one),
                    _ => {
                        return Err(PluginRegistryError::AmbiguousPlugin {
                            name: name.to_owned(),
                            by: format!("`depends_on` of `{}`", plugin.name),
                            candidates: candidates
                                .iter()
                                .map(|&index| plugins[index].name.clone())
                                .collect(),
                        });
                    }
                });
            }
            needs.push(resolved);
        }
        let groups = group(plugins, &needs)?;
        Ok(Self { needs, groups })
    }
}

/// Kahn's algorithm, a level at a time; among those that could go, the lowest runtime goes first, and
/// within it the plugins that stand around the calls of others.
fn group(
    plugins: &[&Descriptor],
    needs: &[Vec<Result<usize, String>>],
) -> Result<Vec<Vec<usize>>, PluginRegistryError> {
    let mut missing: Vec<usize> = vec![0; plugins.len()];
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); plugins.len()];
    for (index, needs) in needs.iter().enumerate() {
        for &dependency in needs.iter().flatten() {
            missing[index] += 1;
            needed_by[dependency].push(index);
        }
    }
    let mut free: Vec<usize> = (0..plugins.len())
        .filter(|&index| missing[index] == 0)
        .collect();
    let ranks: Vec<(u8, bool)> = plugins
        .iter()
        .map(|plugin| (plugin.rank(), chain_wrap(plugin).is_none()))
        .collect();
    let mut groups = Vec::new();
    let mut done = 0;
    while let Some(rank) = free.iter().map(|&index| ranks[index]).min() {
        let (mut level, later): (Vec<usize>, Vec<usize>) =
            free.into_iter().partition(|&index| ranks[index] == rank);
        free = later;
        level.sort_by(|&a, &b| {
            let (a, b) = (plugins[a], plugins[b]);
            b.priority
                .cmp(&a.priority)
                .then_with(|| a.name.name().cmp(b.name.name()))
                .then_with(|| a.name.kind().cmp(b.name.kind()))
        });
        for &index in &level {
            for &dependent in &needed_by[index] {
                missing[dependent] -= 1;
                if missing[dependent] == 0 {
                    free.push(dependent);
                }
            }
        }
        done += level.len();
        groups.push(level);
    }
    if done == plugins.len() {
        return Ok(groups);
    }
    let left: Vec<bool> = missing.iter().map(|&count| count > 0).collect();
    Err(PluginRegistryError::DependencyCycle {
        edges: cycle_edges(plugins, needs, left),
    })
}

/// The edges of every circle. `left` are the plugins Kahn could not place: those on a circle, and
/// those that merely need one; the latter are peeled off from the other end.
fn cycle_edges(
    plugins: &[&Descriptor],
    needs: &[Vec<Result<usize, String>>],
    mut left: Vec<bool>,
) -> Vec<(PluginName, PluginName)> {
    loop {
        let mut wanted = vec![false; plugins.len()];
        for (index, needs) in needs.iter().enumerate() {
            if left[index] {
                for &dependency in needs.iter().flatten() {
                    wanted[dependency] = true;
                }
            }
        }
        let before = left.iter().filter(|&&left| left).count();
        for (left, wanted) in left.iter_mut().zip(wanted) {
            *left &= wanted;
        }
        if left.iter().filter(|&&left| left).count() == before {
            break;
        }
    }
    let mut edges: Vec<_> = needs
        .iter()
        .enumerate()
        .filter(|&(index, _)| left[index])
        .flat_map(|(index, needs)| {
            needs
                .iter()
                .flatten()
                .filter(|&&dependency| left[dependency])
                .map(move |&dependency| (index, dependency))
        })
        .map(|(from, to)| (plugins[from].name.clone(), plugins[to].name.clone()))
        .collect();
    edges.sort();
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::Source;
    use dagstack_plugin::Manifest;
    use dagstack_plugin::manifest::{ChainWrap, Dependency, Runtime};
    use std::sync::Arc;

    fn plugin(name: &str, priority: u32, needs: &[&str]) -> Descriptor {
        let source = never(Runtime::McpStdio);
        let mut descriptor = Descriptor::unknown(PluginName::new("kind", name), source);
        descriptor.priority = priority;
        descriptor.depends_on = needs
            .iter()
            .map(|&name| Dependency {
                kind: None,
                name: name.to_owned(),
            })
            .collect();
        descriptor
    }

    fn in_process(mut descriptor: Descriptor) -> Descriptor {
        descriptor.source = never(Runtime::InProcess);
        descriptor
    }

    fn never(runtime: Runtime) -> Source {
        Source::Never {
            runtime,
            error: Arc::new(PluginRegistryError::TeardownErrors { errors: vec![] }),
        }
    }

    fn order(plugins: &[Descriptor]) -> Vec<Vec<String>> {
        let plugins: Vec<&Descriptor> = plugins.iter().collect();
        let graph = Graph::new(&plugins).unwrap();
        graph
            .groups
            .iter()
            .map(|group| {
                group
                    .iter()
                    .map(|&index| plugins[index].name.name().to_owned())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn groups_follow_dependencies_priority_and_name() {
        let plugins = [
            plugin("b", 1, &[]),
            plugin("a", 1, &["kind.d"]),
            plugin("c", 9, &[]),
            plugin("d", 0, &["b", "nobody"]),
        ];
        assert_eq!(order(&plugins), [vec!["c", "b"], vec!["d"], vec!["a"]]);
    }

    #[test]
    fn runtimes_go_in_order_unless_a_dependency_says_otherwise() {
        let plugins = [
            plugin("child", 9, &[]),
            in_process(plugin("linked", 0, &[])),
            in_process(plugin("late", 0, &["child"])),
            in_process(plugin("last", 0, &["linked"])),
        ];
        assert_eq!(
            order(&plugins),
            [vec!["linked"], vec!["last"], vec!["child"], vec!["late"]]
        );
    }

    #[test]
    fn middleware_goes_before_what_it_may_wrap() {
        let mut manifest = Manifest::new("kind", "guard");
        manifest.chain_wrap = Some(ChainWrap {
            kinds: vec!["*".to_owned()],
            hooks: vec!["*".to_owned()],
        });
        let mut guard = plugin("guard", 0, &[]);
        guard.manifest = Some(Arc::new(manifest));
        let plugins = [
            plugin("a", 9, &[]),
            guard,
            in_process(plugin("linked", 0, &[])),
        ];
        assert_eq!(order(&plugins), [vec!["linked"], vec!["guard"], vec!["a"]]);
    }

    #[test]
    fn a_cycle_names_its_edges_and_nothing_else() {
        let plugins = [
            plugin("a", 0, &["b"]),
            plugin("b", 0, &["c", "free"]),
            plugin("c", 0, &["a"]),
            plugin("dependent", 0, &["a"]),
            plugin("free", 0, &[]),
        ];
        let plugins: Vec<&Descriptor> = plugins.iter().collect();
        let error = Graph::new(&plugins).unwrap_err();
        assert_eq!(error.code(), "dependency_cycle");
        assert_eq!(
            error.to_string(),
            "plugins depend on each other in a circle: `kind.a` needs `kind.b`, `kind.b` needs `kind.c`, `kind.c` needs `kind.a`; remove one of these dependencies"
        );
    }

    #[test]
    fn a_name_that_fits_two_plugins_is_refused() {
        let mut other = plugin("a", 0, &[]);
        other.name = PluginName::new("other", "a");
        let plugins = [plugin("a", 0, &[]), other, plugin("b", 0, &["a"])];
        let plugins: Vec<&Descriptor> = plugins.iter().collect();
        let error = Graph::new(&plugins).unwrap_err();
        assert_eq!(error.code(), "ambiguous_plugin");
        assert!(error.to_string().contains("`kind.a`, `other.a`"), "{error}");
    }
}
