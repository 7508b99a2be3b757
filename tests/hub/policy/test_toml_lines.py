"""Line numbers of a TOML text, through comments, strings, arrays over lines and arrays of tables."""

from __future__ import annotations

from hub.policy.toml import read

TEXT = '''# a comment with = and [brackets]
top = "a # no comment, [no header]"
list = [
  "[[rule]]",  # = not a header
  { key = 1 },
]
"quoted key" = 1
a.b = 2
text = """
[rule]
inside = 1
"""

[table]  # after
key = 'it''s'
[[rule]]
id = "one"
[[rule]]
id = "two"
cap = [ [1], [2,
  3] ]
after = 1
[rule.inner]
deep = true
'''


def lines(tmp_path, text=TEXT):
    path = tmp_path / "a.toml"
    path.write_text(text.replace("'it''s'", "'its'"), encoding="utf-8")
    problems = []
    return read(tmp_path, path, problems), problems


def test_every_key_has_its_line(tmp_path):
    toml, problems = lines(tmp_path)
    assert not problems
    shown = TEXT.splitlines()
    for path, start in {
        ("top",): "top",
        ("list",): "list",
        ("quoted key",): '"quoted key"',
        ("a", "b"): "a.b",
        ("text",): "text",
        ("table",): "[table]",
        ("table", "key"): "key",
        ("rule", 0, "id"): 'id = "one"',
        ("rule", 1, "id"): 'id = "two"',
        ("rule", 1, "cap"): "cap",
        ("rule", 1, "after"): "after",
        ("rule", 1, "inner", "deep"): "deep",
    }.items():
        assert shown[toml.line(*path) - 1].startswith(start), path
    assert ("inside",) not in toml.lines
    assert ("rule", "inside") not in toml.lines


def test_a_key_inside_a_value_has_the_line_of_what_holds_it(tmp_path):
    toml, _ = lines(tmp_path)
    assert toml.line("list", 1, "key") == 3
    assert toml.line("rule", 1, "no such key") == toml.line("rule", 1)
    assert toml.line("nowhere") == 1


def test_a_text_that_is_not_toml_is_a_problem_of_its_line(tmp_path):
    _, (problem,) = lines(tmp_path, "good = 1\nbad = \n")
    assert (problem.file, problem.line) == ("a.toml", 2)
    assert "is not TOML" in problem.message


def test_an_unfinished_text_a_wrong_encoding_and_a_missing_file_are_problems(tmp_path):
    _, (unfinished,) = lines(tmp_path, "good = 1\nbad = [1,\n")
    assert unfinished.line == 2
    (tmp_path / "b.toml").write_bytes("名 = 1".encode("gb18030"))
    problems = []
    read(tmp_path, tmp_path / "b.toml", problems)
    read(tmp_path, tmp_path / "none.toml", problems)
    assert [problem.message for problem in problems] == ["is not UTF-8", "cannot be read: No such file or directory"]
