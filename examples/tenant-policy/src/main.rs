//! The executable of the plugin `tenant-policy`.

dagstack_plugin::main!(tenant_policy::TenantPolicy);
