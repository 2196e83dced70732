//! Answers as tables: line for line what `etcdctl --write-out table` prints.

/// A table. Every cell is at the right of its column, every title in the middle.
pub(crate) struct Table {
    titles: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns, and no rows yet.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        Self { titles: titles.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.titles.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// The text of the table.
    pub(crate) fn print(&self, out: &mut Vec<u8>) {
        let widths: Vec<usize> = (0..self.titles.len()).map(|column| self.width(column)).collect();
        let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        let rule = format!("+{}+\n", dashes.join("+"));
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let titles = self.titles.iter().zip(&widths).map(|(title, &width)| centered(title, width));
        let mut text = [rule.clone(), line(titles.collect()), rule.clone()].concat();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}"));
            text += &line(cells.collect());
        }
        // As etcdctl has it, a table without rows ends like one with rows.
        text += &rule;
        out.extend_from_slice(text.as_bytes());
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].chars().count());
        cells.fold(self.titles[column].len(), usize::max)
    }
}

/// What cannot be halved goes to the right.
fn centered(title: &str, width: usize) -> String {
    let left = (width - title.len()) / 2;
    format!("{:left$}{title:<rest$}", "", rest = width - left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_as_in_etcdctl() {
        let mut table = Table::new(&["ENDPOINT", "HEALTH", "TOOK", "ERROR"]);
        let cells = ["127.0.0.1:23791", "true", "2.405011ms", ""];
        table.row(cells.map(str::to_owned).to_vec());
        let mut text = Vec::new();
        table.print(&mut text);
        let expected = "\
+-----------------+--------+------------+-------+
|    ENDPOINT     | HEALTH |    TOOK    | ERROR |
+-----------------+--------+------------+-------+
| 127.0.0.1:23791 |   true | 2.405011ms |       |
+-----------------+--------+------------+-------+
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
