//! Telling a child of changes of its config section.

use std::sync::Arc;

use dagstack_engine::check_section;
use dagstack_engine::feed::SectionFeed;
use dagstack_engine::wire::CONFIG_CHANGED;
use dagstack_plugin_core::PluginName;
use dagstack_plugin_core::config::ConfigSubscription;
use dagstack_plugin_core::schema::Schema;
use rmcp::RoleClient;
use rmcp::model::{ClientNotification, CustomNotification};
use rmcp::service::Peer;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use super::transport::PrivateParams;

/// Subscribes for the child, which was set up with the section `sent`: what its announced schema
/// accepts is sent to it, in order. The child checks it again, with its own types.
pub(super) fn relay(
    plugin: &PluginName,
    feed: &SectionFeed,
    sent: &Arc<Value>,
    schema: Schema,
    peer: Peer<RoleClient>,
    private: PrivateParams,
) -> ConfigSubscription {
    let (sender, mut changes) = unbounded_channel();
    let plugin = plugin.clone();
    let fits = move |section: &Value| check_section(&plugin, &schema, section);
    // A child that does not read must hold up nobody, so a task of its own waits for it. It ends
    // with the subscription, which drops the sender.
    let subscription = feed.relay(fits, move |_: &Value, section: &Value| {
        // Nobody is left where the connection has ended.
        let _ = sender.send(section.clone());
    });
    // A worker is started while the config may change. Changes since the subscription come after this.
    let now = feed.section();
    let mut first = (!Arc::ptr_eq(&now, sent)).then(|| (*now).clone());
    tokio::spawn(async move {
        loop {
            let Some(section) = (match first.take() {
                Some(first) => Some(first),
                None => changes.recv().await,
            }) else {
                return;
            };
            private.push(CONFIG_CHANGED, json!({ "config": section }));
            let notification = CustomNotification::new(CONFIG_CHANGED, None);
            let notification = ClientNotification::CustomNotification(notification);
            if peer.send_notification(notification).await.is_err() {
                return;
            }
        }
    });
    subscription
}
