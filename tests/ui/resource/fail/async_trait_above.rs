use dagstack_plugin::resource;

#[dagstack_plugin::async_trait]
#[resource]
pub trait Ledger {
    async fn f(&self);
}

fn main() {}
