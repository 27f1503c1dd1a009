use dagstack_plugin::resource;

#[resource]
#[resource]
pub trait Ledger {
    async fn f(&self);
}

fn main() {}
