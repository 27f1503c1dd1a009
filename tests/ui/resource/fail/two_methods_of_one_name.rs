use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn f(&self);
    async fn f(&self);
}

fn main() {}
