use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn f(&self, text: &'a str);
}

fn main() {}
