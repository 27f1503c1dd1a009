//! [`Content`]: a result that a model or a person reads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resources::Bytes;

/// What a hook returns when its result is for a model or a person, and no data for a program: texts,
/// images, sounds, and resources, linked or embedded.
///
/// ```
/// use dagstack_plugin::content::Role;
/// use dagstack_plugin::prelude::*;
///
/// # #[derive(Default)]
/// # struct Charts;
/// # /// Draws charts.
/// # #[plugin(kind = "tool", name = "charts")]
/// # impl Charts {
/// /// Draws the sales of a year.
/// #[hook]
/// fn sales(&self, year: u16) -> Result<Content, HookError> {
///     let png = draw(year)?;
///     Ok(Content::text(format!("The sales of {year}:"))
///         .and(Content::image(png, "image/png").audience([Role::User]))
///         .and(Content::link("file:///sales.csv", "sales.csv").mime_type("text/csv")))
/// }
/// # }
/// # fn draw(_: u16) -> Result<Vec<u8>, HookError> { Ok(vec![1]) }
/// ```
///
/// For MCP clients the blocks are the result's `content`, and there is neither structured content nor
/// an output schema. For everybody else it is a value like any other, with the array of MCP's blocks as
/// its JSON: linked or elsewhere, a host gets the very value that the hook returned. That holds for a
/// hook's result, a `Result` or an alias of it; a `Content` inside another type is a part of its data.
///
/// It may be empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(
    description = "Blocks of content, for a model or a person.",
    extend("x-dagstack-content" = true)
)]
pub struct Content(Vec<Block>);

/// One block of a [`Content`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
#[schemars(description = "A block of content, as MCP has it.")]
#[non_exhaustive]
pub enum Block {
    /// A text.
    Text {
        /// The text.
        text: String,
        /// For whom it is.
        #[serde(default, skip_serializing_if = "Annotations::is_empty")]
        annotations: Annotations,
    },
    /// An image.
    Image {
        /// Its bytes.
        data: Bytes,
        /// Its type, such as `image/png`.
        mime_type: String,
        /// For whom it is.
        #[serde(default, skip_serializing_if = "Annotations::is_empty")]
        annotations: Annotations,
    },
    /// A sound.
    Audio {
        /// Its bytes.
        data: Bytes,
        /// Its type, such as `audio/wav`.
        mime_type: String,
        /// For whom it is.
        #[serde(default, skip_serializing_if = "Annotations::is_empty")]
        annotations: Annotations,
    },
    /// A resource that can be read elsewhere.
    ResourceLink {
        /// Where.
        uri: String,
        /// What it is called.
        name: String,
        /// The same for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What is in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its type, such as `text/csv`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// How many bytes it has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// For whom it is.
        #[serde(default, skip_serializing_if = "Annotations::is_empty")]
        annotations: Annotations,
    },
    /// A resource that stands here itself.
    Resource {
        /// The resource.
        resource: EmbeddedResource,
        /// For whom it is.
        #[serde(default, skip_serializing_if = "Annotations::is_empty")]
        annotations: Annotations,
    },
}

/// A resource with what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmbeddedResource {
    /// What it is known by.
    pub uri: String,
    /// Its type, such as `text/markdown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// What is in it.
    #[serde(flatten)]
    pub body: ResourceBody,
}

/// What is in an [`EmbeddedResource`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResourceBody {
    /// A text.
    Text(String),
    /// Anything else.
    Blob(Bytes),
}

/// For whom a block is. Hints, which no client must heed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Annotations {
    /// Who is to read it; everybody where nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<Role>,
    /// How much it matters, from 0 (it may be left out) to 1 (it must be read).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub priority: Option<f64>,
    /// When it was last modified, in ISO 8601: `2025-01-12T15:00:58Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// Who reads a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Content {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::from(Block::Text {
            text: text.into(),
            annotations: Annotations::default(),
        })
    }

    /// An image of such a type, `image/png`.
    pub fn image(data: impl Into<Bytes>, mime_type: impl Into<String>) -> Self {
        Self::from(Block::Image {
            data: data.into(),
            mime_type: mime_type.into(),
            annotations: Annotations::default(),
        })
    }

    /// A sound of such a type, `audio/wav`.
    pub fn audio(data: impl Into<Bytes>, mime_type: impl Into<String>) -> Self {
        Self::from(Block::Audio {
            data: data.into(),
            mime_type: mime_type.into(),
            annotations: Annotations::default(),
        })
    }

    /// A resource that can be read elsewhere.
    pub fn link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self::from(Block::ResourceLink {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            size: None,
            annotations: Annotations::default(),
        })
    }

    /// A resource with what is in it, a text or [`Bytes`].
    pub fn resource(uri: impl Into<String>, body: impl Into<ResourceBody>) -> Self {
        Self::from(Block::Resource {
            resource: EmbeddedResource {
                uri: uri.into(),
                mime_type: None,
                body: body.into(),
            },
            annotations: Annotations::default(),
        })
    }

    /// These blocks, and those of `other` behind them.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        self.0.extend(other.into().0);
        self
    }

    /// The blocks, in order.
    pub fn blocks(&self) -> &[Block] {
        &self.0
    }

    /// The blocks, in order.
    pub fn into_blocks(self) -> Vec<Block> {
        self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says of all blocks there are so far who is to read them.
    #[must_use]
    pub fn audience(self, audience: impl IntoIterator<Item = Role>) -> Self {
        let audience: Vec<Role> = audience.into_iter().collect();
        self.annotated(|annotations| annotations.audience.clone_from(&audience))
    }

    /// Says of all blocks there are so far how much they matter, from 0 to 1; what lies beyond is the
    /// nearer of the two.
    #[must_use]
    pub fn priority(self, priority: f64) -> Self {
        self.annotated(|annotations| annotations.priority = Some(priority.clamp(0.0, 1.0)))
    }

    /// Says of all blocks there are so far when they were last modified, in ISO 8601:
    /// `2025-01-12T15:00:58Z`.
    #[must_use]
    pub fn last_modified(self, time: impl Into<String>) -> Self {
        let time = time.into();
        self.annotated(|annotations| annotations.last_modified = Some(time.clone()))
    }

    /// Says of all links and embedded resources there are so far which type they have.
    #[must_use]
    pub fn mime_type(self, mime_type: impl Into<String>) -> Self {
        let given = mime_type.into();
        self.each(|block| match block {
            Block::ResourceLink { mime_type, .. }
            | Block::Resource {
                resource: EmbeddedResource { mime_type, .. },
                ..
            } => *mime_type = Some(given.clone()),
            _ => {}
        })
    }

    /// Gives all links there are so far a title for people.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        let given = title.into();
        self.each(|block| {
            if let Block::ResourceLink { title, .. } = block {
                *title = Some(given.clone());
            }
        })
    }

    /// Says of all links there are so far what is behind them.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        let given = description.into();
        self.each(|block| {
            if let Block::ResourceLink { description, .. } = block {
                *description = Some(given.clone());
            }
        })
    }

    /// Says of all links there are so far how many bytes are behind them.
    #[must_use]
    pub fn size(self, bytes: u64) -> Self {
        self.each(|block| {
            if let Block::ResourceLink { size, .. } = block {
                *size = Some(bytes);
            }
        })
    }

    fn annotated(self, set: impl Fn(&mut Annotations)) -> Self {
        self.each(|block| set(block.annotations_mut()))
    }

    fn each(mut self, change: impl Fn(&mut Block)) -> Self {
        self.0.iter_mut().for_each(change);
        self
    }
}

impl Block {
    /// For whom it is.
    pub fn annotations(&self) -> &Annotations {
        match self {
            Self::Text { annotations, .. }
            | Self::Image { annotations, .. }
            | Self::Audio { annotations, .. }
            | Self::ResourceLink { annotations, .. }
            | Self::Resource { annotations, .. } => annotations,
        }
    }

    /// The same, to be changed.
    pub fn annotations_mut(&mut self) -> &mut Annotations {
        match self {
            Self::Text { annotations, .. }
            | Self::Image { annotations, .. }
            | Self::Audio { annotations, .. }
            | Self::ResourceLink { annotations, .. }
            | Self::Resource { annotations, .. } => annotations,
        }
    }
}

impl Annotations {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Block> for Content {
    fn from(block: Block) -> Self {
        Self(vec![block])
    }
}

impl From<Vec<Block>> for Content {
    fn from(blocks: Vec<Block>) -> Self {
        Self(blocks)
    }
}

impl From<String> for Content {
    /// A text.
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Content {
    /// A text.
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl FromIterator<Block> for Content {
    fn from_iter<I: IntoIterator<Item = Block>>(blocks: I) -> Self {
        Self(blocks.into_iter().collect())
    }
}

impl FromIterator<Self> for Content {
    /// All blocks of all of them.
    fn from_iter<I: IntoIterator<Item = Self>>(contents: I) -> Self {
        Self(contents.into_iter().flat_map(Self::into_blocks).collect())
    }
}

impl Extend<Block> for Content {
    fn extend<I: IntoIterator<Item = Block>>(&mut self, blocks: I) {
        self.0.extend(blocks);
    }
}

impl IntoIterator for Content {
    type Item = Block;
    type IntoIter = std::vec::IntoIter<Block>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Content {
    type Item = &'a Block;
    type IntoIter = std::slice::Iter<'a, Block>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl From<String> for ResourceBody {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for ResourceBody {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Bytes> for ResourceBody {
    fn from(bytes: Bytes) -> Self {
        Self::Blob(bytes)
    }
}

impl From<Vec<u8>> for ResourceBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes.into())
    }
}

impl From<&[u8]> for ResourceBody {
    fn from(bytes: &[u8]) -> Self {
        Self::Blob(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;
    use crate::schema::{CONTENT, output};

    /// Every block, with everything it may say.
    fn every() -> Content {
        Content::text("a \"text\"")
            .and(Content::image([1, 2, 3].as_slice(), "image/png"))
            .and(Content::audio(vec![255], "audio/wav"))
            .and(
                Content::link("file:///a.csv", "a.csv")
                    .title("A")
                    .description("Numbers.")
                    .mime_type("text/csv")
                    .size(u64::MAX),
            )
            .and(Content::resource("file:///a.md", "# A").mime_type("text/markdown"))
            .and(Content::resource("file:///a", vec![0]))
            .audience([Role::User, Role::Assistant])
            .priority(0.8)
            .last_modified("2025-01-12T15:00:58Z")
            .and("without annotations")
    }

    #[test]
    fn the_json_is_the_array_of_mcps_blocks() {
        let annotations = json!({
            "audience": ["user", "assistant"],
            "priority": 0.8,
            "lastModified": "2025-01-12T15:00:58Z",
        });
        let expected = json!([
            { "type": "text", "text": "a \"text\"", "annotations": annotations },
            { "type": "image", "data": "AQID", "mimeType": "image/png", "annotations": annotations },
            { "type": "audio", "data": "/w==", "mimeType": "audio/wav", "annotations": annotations },
            {
                "type": "resource_link", "uri": "file:///a.csv", "name": "a.csv", "title": "A",
                "description": "Numbers.", "mimeType": "text/csv", "size": u64::MAX,
                "annotations": annotations,
            },
            {
                "type": "resource",
                "resource": { "uri": "file:///a.md", "mimeType": "text/markdown", "text": "# A" },
                "annotations": annotations,
            },
            {
                "type": "resource",
                "resource": { "uri": "file:///a", "blob": "AA==" },
                "annotations": annotations,
            },
            { "type": "text", "text": "without annotations" },
        ]);
        assert_eq!(to_value(every()).unwrap(), expected);
        assert_eq!(from_value::<Content>(expected).unwrap(), every());
        assert_eq!(to_value(Content::default()).unwrap(), json!([]));
        assert!(from_value::<Content>(json!([])).unwrap().is_empty());
    }

    #[test]
    fn what_is_said_of_a_content_is_said_of_the_blocks_there_are() {
        let content = Content::text("before").priority(7.0).and("after");
        let priorities: Vec<_> = content.blocks().iter().map(Block::annotations).collect();
        assert_eq!(priorities[0].priority, Some(1.0));
        assert_eq!(priorities[1], &Annotations::default());
        let collected: Content = ["a", "b"].map(Content::from).into_iter().collect();
        assert_eq!(collected, Content::text("a").and("b"));
        assert_eq!(
            collected.clone().into_iter().collect::<Content>(),
            collected
        );
    }

    /// A newtype is one too; what may be nothing, and what holds others beside it, is not.
    #[test]
    fn the_mark_is_at_the_root_of_contents_only() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Page(Content);
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Titled {
            title: String,
            content: Content,
        }
        let is_marked = |schema: crate::schema::Schema| {
            schema.get(CONTENT) == Some(&Value::Bool(true)) && schema["type"] == "array"
        };
        assert!(is_marked(output::<Content>()));
        assert!(is_marked(output::<Box<Content>>()));
        assert!(is_marked(output::<Page>()));
        for schema in [
            output::<Option<Content>>(),
            output::<Vec<Content>>(),
            output::<Titled>(),
            output::<Vec<Block>>(),
        ] {
            assert!(!schema.contains_key(CONTENT), "{schema:?}");
        }
    }
}
