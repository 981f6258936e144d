//! Names with `*` in them, which stands for any characters, or none.

/// A name, or what names look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether a name looks like this. Upper and lower case differ.
    pub fn matches(&self, name: &str) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else {
            return self.0 == name;
        };
        let (middles, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let inside = name
            .strip_prefix(start)
            .and_then(|name| name.strip_suffix(end));
        let Some(mut inside) = inside else {
            return false;
        };
        // Each at its first place: that leaves the most room for those after it.
        for middle in middles.split('*') {
            let Some(at) = inside.find(middle) else {
                return false;
            };
            inside = &inside[at + middle.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_characters_or_none() {
        #[track_caller]
        fn check(pattern: &str, name: &str, expect: bool) {
            assert_eq!(
                Pattern::new(pattern).matches(name),
                expect,
                "{pattern} {name}"
            );
        }
        for name in ["", "a", "a*b", "ä"] {
            check("*", name, true);
            check("**", name, true);
        }
        check("crm", "crm", true);
        check("crm", "crm-1", false);
        check("crm", "CRM", false);
        check("crm-*", "crm-1", true);
        check("crm-*", "crm-", true);
        check("crm-*", "acrm-1", false);
        check("*.svc", "router.svc", true);
        check("*.svc", "router.svc.evil", false);
        check("a*a", "aa", true);
        check("a*a", "a", false);
        check("a*b*c", "abc", true);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("a*bb*b", "abbb", true);
        check("a*bb*bb", "abbb", false);
        check("", "", true);
        check("", "a", false);
    }
}
