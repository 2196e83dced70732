//! Reads actions from text that fits into a link: docs/scenarios.md.
//!
//! ```
//! assert!(sim::Play::new("five", Some(7), "900stop:lead,1500start:n2", None).is_ok());
//! let error = sim::Play::new("five", Some(7), "900stpo:n1", None).unwrap_err();
//! assert_eq!(error.to_string(), "cannot read the action \"900stpo:n1\": there is no \"stpo\"");
//! ```

use std::str::FromStr;

use raft::NodeId;
use trace::Kind;

use super::Error;
use super::action::{Action, Deed, Links, Side, Step, Trick, Which, Who, Wish};

/// Members have numbers up to here.
const MEMBERS_MAX: u64 = 9;
const CLIENTS_MAX: u64 = 9;
const WORD_CHARS_MAX: usize = 64;
/// More would stop the clock, or make it race.
const SKEW_PERMILLE_MAX: i64 = 900;
const WAIT_MS_MAX: u64 = 60_000;

/// Reads a list of actions.
pub(crate) fn parse(text: &str) -> Result<Vec<Action>, Error> {
    let words = text.split(',').filter(|word| !word.is_empty());
    words
        .map(|word| read(word).map_err(|why| Error::Action { word: word.to_owned(), why }))
        .collect()
}

type Read<T> = Result<T, String>;

fn read(word: &str) -> Read<Action> {
    let end = word.find(|char: char| !char.is_ascii_digit()).unwrap_or(word.len());
    let (time, rest) = word.split_at(end);
    let at_ms = time.parse().map_err(|_| "it begins with no time in milliseconds".to_owned())?;
    let (verb, rest) = rest.split_once(':').unwrap_or((rest, ""));
    let mut words = Words { verb, left: rest.split(':').filter(|word| !word.is_empty()).collect() };
    let deed = words.deed()?;
    match words.left.first() {
        None => Ok(Action { at_ms, text: word.to_owned(), deed }),
        Some(more) => Err(format!("{verb:?} has no use for {more:?}")),
    }
}

/// The arguments of one action, from the left.
struct Words<'a> {
    verb: &'a str,
    left: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn deed(&mut self) -> Read<Deed> {
        Ok(match self.verb {
            "stop" => Deed::Stop(self.who()?),
            "power" => Deed::Power(self.who()?),
            "start" => Deed::Start(self.who()?),
            "pause" => Deed::Pause(self.who()?),
            "resume" => Deed::Resume(self.who()?),
            "cut" => Deed::Cut(links(self.next("links")?)?),
            "heal" if self.left.is_empty() => Deed::Heal(None),
            "heal" => Deed::Heal(Some(links(self.next("links")?)?)),
            "drop" => Deed::Trick(self.which(0)?, Trick::Drop),
            "twice" => Deed::Trick(self.which(0)?, Trick::Double),
            "late" => {
                let which = self.which(1)?;
                Deed::Trick(which, Trick::Delay(1000 * self.number(WAIT_MS_MAX)?))
            }
            "put" => self.ask(|words| Ok(Wish::Put(words.text("key")?, words.text("value")?)))?,
            "del" => self.ask(|words| Ok(Wish::Delete(words.text("key")?)))?,
            "get" => self.ask(|words| {
                let key = words.text("key")?;
                let local = words.left.first() == Some(&"local");
                Ok(if local {
                    words.left.remove(0);
                    Wish::GetLocal(key)
                } else {
                    Wish::Get(key)
                })
            })?,
            "add" => Deed::Change(vec![Step::Add(self.who()?)]),
            "learn" => Deed::Change(vec![Step::Learn(self.who()?)]),
            "promote" => Deed::Change(vec![Step::Promote(self.who()?)]),
            "demote" => Deed::Change(vec![Step::Demote(self.who()?)]),
            "remove" => Deed::Change(vec![Step::Remove(self.who()?)]),
            "joint" => {
                let word = self.next("members")?;
                let (out, new) = word.split_once('-').ok_or_else(|| no_sides(word))?;
                // One of them may be empty.
                let side = |word: &str| if word.is_empty() { Ok(Vec::new()) } else { side(word) };
                let removed = side(out)?.into_iter().map(Step::Remove);
                Deed::Change(removed.chain(side(new)?.into_iter().map(Step::Add)).collect())
            }
            "lead" => Deed::Lead(self.who()?),
            "snap" => Deed::Snapshot(self.who()?),
            "skew" => {
                let (who, word) = (self.who()?, self.next("number")?);
                let permille = word.parse::<i64>().ok();
                let range = -SKEW_PERMILLE_MAX..=SKEW_PERMILLE_MAX;
                let permille = permille.filter(|permille| range.contains(permille));
                Deed::Skew(who, permille.ok_or_else(|| no_number(word, SKEW_PERMILLE_MAX))?)
            }
            "disk" => Deed::Disk(self.who()?, self.number(WAIT_MS_MAX)?),
            verb => return Err(format!("there is no {verb:?}")),
        })
    }

    fn next(&mut self, what: &str) -> Read<&'a str> {
        if self.left.is_empty() {
            return Err(format!("{:?} needs a {what}", self.verb));
        }
        Ok(self.left.remove(0))
    }

    fn who(&mut self) -> Read<Who> {
        who(self.next("member")?)
    }

    fn number(&mut self, max: u64) -> Read<u64> {
        let word = self.next("number")?;
        let number = word.parse().ok().filter(|number| *number <= max);
        number.ok_or_else(|| no_number(word, max))
    }

    fn text(&mut self, what: &str) -> Read<String> {
        let word = self.next(what)?;
        let fits = |char: char| char.is_alphanumeric() || "-_.".contains(char);
        if word.chars().all(fits) && word.chars().count() <= WORD_CHARS_MAX {
            Ok(word.to_owned())
        } else {
            Err(format!("{word:?} is no {what} of letters, digits, \"-\", \"_\" and \".\""))
        }
    }

    /// A message, with so many arguments after it.
    fn which(&mut self, after: usize) -> Read<Which> {
        let word = self.next("link")?;
        let Some((from, to)) = word.split_once('~') else {
            return Ok(Which::Sent(who(word)?, self.number(u64::MAX)?));
        };
        let kind = if self.left.len() > after {
            let name = self.next("kind of message")?;
            Some(Kind::named(name).ok_or_else(|| format!("{name:?} is no kind of message"))?)
        } else {
            None
        };
        Ok(Which::Next(side(from)?, side(to)?, kind))
    }

    /// A request of a client, which may be named at the end.
    fn ask(&mut self, wish: impl FnOnce(&mut Self) -> Read<Wish>) -> Read<Deed> {
        let (who, wish) = (self.who()?, wish(self)?);
        let client = match self.left.first() {
            None => 1,
            Some(word) => {
                let client = number_after('c', word, CLIENTS_MAX);
                client.ok_or_else(|| format!("{word:?} is no client, as c1 is"))?
            }
        };
        self.left.drain(..self.left.len().min(1));
        Ok(Deed::Ask { who, client, wish })
    }
}

fn who(word: &str) -> Read<Who> {
    if word == "lead" {
        return Ok(Who::Leader);
    }
    let number = number_after('n', word, MEMBERS_MAX).map(|number| Who::Number(NodeId(number)));
    let place = || number_after('f', word, MEMBERS_MAX).and_then(|it| usize::try_from(it).ok());
    let found = number.or_else(|| place().map(Who::Follower));
    found.ok_or_else(|| format!("{word:?} is no member, as n1, lead and f1 are"))
}

fn side(word: &str) -> Read<Side> {
    word.split('.').map(who).collect()
}

fn links(word: &str) -> Read<Links> {
    Ok(if let Some((one, other)) = word.split_once('-') {
        Links::Between(side(one)?, side(other)?)
    } else if let Some((from, to)) = word.split_once('~') {
        Links::From(side(from)?, side(to)?)
    } else {
        Links::Around(side(word)?)
    })
}

/// The number in a word like `n3`.
fn number_after(letter: char, word: &str, max: u64) -> Option<u64> {
    let number = u64::from_str(word.strip_prefix(letter)?).ok()?;
    (1..=max).contains(&number).then_some(number)
}

fn no_sides(word: &str) -> String {
    format!("{word:?} has no two sides, as n1-n2 has")
}

fn no_number(word: &str, max: impl std::fmt::Display) -> String {
    format!("{word:?} is no number up to {max}")
}
