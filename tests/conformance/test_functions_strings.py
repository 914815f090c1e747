# ruff: noqa: RUF001  letters of other alphabets are what is tested
"""String functions: the answers of the reference, with NULL, nothing, negative numbers, Unicode and BYTES.

https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions
"""

from __future__ import annotations

import pytest

from tests.conformance.answers import check, fail
from tests.conformance.behaviour import behaviour

ANSWERS = {
    "ASCII": {"ASCII('abcd')": 97, "ASCII('')": 0, "ASCII(NULL)": None},
    "BYTE_LENGTH": {"BYTE_LENGTH('абвгд')": 10, "BYTE_LENGTH(b'\\xff\\x00')": 2, "BYTE_LENGTH('')": 0},
    "CHARACTER_LENGTH": {"CHARACTER_LENGTH('абвгд')": 5, "CHARACTER_LENGTH(NULL)": None},
    "CHAR_LENGTH": {"CHAR_LENGTH('абвгд')": 5, "CHAR_LENGTH('😀')": 1},
    "CHR": {"CHR(65)": "A", "CHR(255)": "ÿ", "CHR(513)": "ȁ", "CHR(1024)": "Ѐ", "CHR(0)": "", "CHR(NULL)": None},
    "CONCAT": {
        "CONCAT('T.P.', ' ', 'Bar')": "T.P. Bar",
        "CONCAT('Summer', ' ', 1923)": "Summer 1923",
        "CONCAT('a', NULL)": None,
        "CONCAT(b'a', b'\\xff')": b"a\xff",
    },
    "CONTAINS_SUBSTR": {
        "CONTAINS_SUBSTR('the blue house', 'Blue house')": True,
        "CONTAINS_SUBSTR('the red house', 'blue')": False,
        "CONTAINS_SUBSTR(CAST(NULL AS STRING), 'a')": None,
    },
    "ENDS_WITH": {
        "ENDS_WITH('apple', 'e')": True,
        "ENDS_WITH('apple', '')": True,
        "ENDS_WITH('e', 'apple')": False,
        "ENDS_WITH(NULL, 'e')": None,
        "ENDS_WITH(b'\\x01\\xff', b'\\xff')": True,
    },
    "FROM_BASE64": {"FROM_BASE64('/+A=')": b"\xff\xe0", "FROM_BASE64('')": b"", "FROM_BASE64(NULL)": None},
    "FROM_HEX": {"FROM_HEX('00010203aaeeefff')": b"\0\1\2\3\xaa\xee\xef\xff", "FROM_HEX('0AF')": b"\0\xaf"},
    "INSTR": {
        "INSTR('banana', 'an')": 2,
        "INSTR('banana', 'an', 1, 2)": 4,
        "INSTR('banana', 'an', 1, 3)": 0,
        "INSTR('banana', 'an', 3, 1)": 4,
        "INSTR('banana', 'an', -1, 1)": 4,
        "INSTR('banana', 'an', -3, 1)": 4,
        "INSTR('banana', 'an', -4, 1)": 2,
        "INSTR('banana', 'ann', 1, 1)": 0,
        "INSTR('helloooo', 'oo', 1, 2)": 6,
        "INSTR('абвгд', 'гд')": 4,
        "INSTR(NULL, 'a')": None,
        "INSTR('a', 'a', NULL)": None,
    },
    "LEFT": {"LEFT('apple', 3)": "app", "LEFT('абв', 9)": "абв", "LEFT('a', 0)": "", "LEFT(b'abc', 2)": b"ab"},
    "LENGTH": {"LENGTH('абвгд')": 5, "LENGTH(CAST('абвгд' AS BYTES))": 10, "LENGTH('')": 0, "LENGTH(NULL)": None},
    "LOWER": {"LOWER('FOO Ä')": "foo ä", "LOWER(NULL)": None},
    "LPAD": {
        "LPAD('abc', 5)": "  abc",
        "LPAD('abc', 2)": "ab",
        "LPAD('例子', 4)": "  例子",
        "LPAD('abc', 8, 'def')": "defdeabc",
        "LPAD('例子', 5, '中文')": "中文中例子",
        "LPAD('a', NULL)": None,
    },
    "LTRIM": {
        "LTRIM('   apple   ')": "apple   ",
        "LTRIM('***apple***', '*')": "apple***",
        "LTRIM('xyzapplexxy', 'xyz')": "applexxy",
        "LTRIM('\\t\\n\\u00a0a')": "a",
    },
    "OCTET_LENGTH": {"OCTET_LENGTH('абвгд')": 10, "OCTET_LENGTH(b'ab')": 2},
    "REGEXP_CONTAINS": {
        r"REGEXP_CONTAINS('foo@example.com', r'@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+')": True,
        r"REGEXP_CONTAINS('www.example.net', r'@')": False,
        r"REGEXP_CONTAINS('B@foo', r'^([\w.+-]+@foo\.com|[\w.+-]+@bar\.org)$')": False,
        r"REGEXP_CONTAINS('ÄB', r'(?i)äb')": True,
        "REGEXP_CONTAINS(NULL, 'a')": None,
    },
    "REGEXP_EXTRACT": {
        r"REGEXP_EXTRACT('foo@example.com', r'^[a-zA-Z0-9_.+-]+')": "foo",
        r"REGEXP_EXTRACT('foo@example.com', r'^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.([a-zA-Z0-9-.]+$)')": "com",
        r"REGEXP_EXTRACT('ab', r'.b')": "ab",
        r"REGEXP_EXTRACT('ab', r'(.)b')": "a",
        r"REGEXP_EXTRACT('xyztb', r'(.)+b')": "t",
        r"REGEXP_EXTRACT('ab', r'(z)b')": None,
        r"REGEXP_EXTRACT('a(b', r'\(([b])')": "b",
        r"REGEXP_EXTRACT('ab', r'(?P<x>a)(?:b)')": "a",
        r"REGEXP_EXTRACT('Ünï', r'\pL+')": "Ünï",
        r"REGEXP_EXTRACT('Hello Helloo and Hellooo', r'H?ello+', 1, 1)": "Hello",
        r"REGEXP_EXTRACT('Hello Helloo and Hellooo', r'H?ello+', 1, 2)": "Helloo",
        r"REGEXP_EXTRACT('Hello Helloo and Hellooo', r'H?ello+', 2, 1)": "ello",
        r"REGEXP_EXTRACT('Hello Helloo and Hellooo', r'H?ello+', 1, 4)": None,
        r"REGEXP_EXTRACT('Hello Helloo and Hellooo', r'H?ello+', 18, 1)": "Hellooo",
        r"REGEXP_EXTRACT('Hello', r'H?ello+', 30)": None,
        "REGEXP_EXTRACT(NULL, 'a')": None,
        "REGEXP_EXTRACT('a', NULL)": None,
    },
    "REGEXP_EXTRACT_ALL": {
        "REGEXP_EXTRACT_ALL('Try `func(x)` or `func(y)`', '`(.+?)`')": ["func(x)", "func(y)"],
        "REGEXP_EXTRACT_ALL('abc', 'x')": [],
    },
    "REGEXP_REPLACE": {
        r"REGEXP_REPLACE('# Heading', r'^# ([a-zA-Z0-9\s]+$)', '<h1>\\1</h1>')": "<h1>Heading</h1>",
        "REGEXP_REPLACE('aXbXc', 'X', '')": "abc",
        "REGEXP_REPLACE('a', NULL, 'b')": None,
    },
    "REGEXP_SUBSTR": {r"REGEXP_SUBSTR('Hello World World', r'W\w+')": "World"},
    "REPEAT": {
        "REPEAT('abc', 3)": "abcabcabc",
        "REPEAT('abc', NULL)": None,
        "REPEAT('abc', 0)": "",
        "REPEAT(b'a', 2)": b"aa",
    },
    "REPLACE": {
        "REPLACE('apple pie', 'pie', 'cobbler')": "apple cobbler",
        "REPLACE('a', '', 'b')": "a",
        "REPLACE('a', NULL, 'b')": None,
    },
    "REVERSE": {"REVERSE('foo')": "oof", "REVERSE('аб')": "ба", "REVERSE('')": "", "REVERSE(b'\\x01\\xff')": b"\xff\1"},
    "RIGHT": {"RIGHT('apple', 3)": "ple", "RIGHT('абв', 9)": "абв", "RIGHT(b'abc', 2)": b"bc"},
    "RPAD": {"RPAD('abc', 5)": "abc  ", "RPAD('abc', 8, 'def')": "abcdefde", "RPAD('例子', 1)": "例"},
    "RTRIM": {"RTRIM('***apple***', '*')": "***apple", "RTRIM('applexxz', 'xyz')": "apple", "RTRIM('a \\n')": "a"},
    "SAFE_CONVERT_BYTES_TO_STRING": {"SAFE_CONVERT_BYTES_TO_STRING(b'caf\\xc3\\xa9')": "café"},
    "SPLIT": {
        "SPLIT('b,c')": ["b", "c"],
        "SPLIT('abc', '')": ["a", "b", "c"],
        "SPLIT('')": [""],
        "SPLIT('a--b', '--')": ["a", "b"],
        "SPLIT(',a,')": ["", "a", ""],
        "SPLIT('a,b')[OFFSET(1)]": "b",
    },
    "STARTS_WITH": {
        "STARTS_WITH('bar', 'b')": True,
        "STARTS_WITH('bar', '')": True,
        "STARTS_WITH('b', NULL)": None,
        "STARTS_WITH(b'\\xff\\x01', b'\\xff')": True,
    },
    "STRPOS": {"STRPOS('foo@example.com', '@')": 4, "STRPOS('абв', 'в')": 3, "STRPOS('foo', '@')": 0},
    "SUBSTR": {
        "SUBSTR('apple', 2)": "pple",
        "SUBSTR('apple', 2, 2)": "pp",
        "SUBSTR('apple', -2)": "le",
        "SUBSTR('apple', 1, 123)": "apple",
        "SUBSTR('apple', 123)": "",
        "SUBSTR('apple', 123, 5)": "",
        "SUBSTR('apple', 0)": "apple",
        "SUBSTR('apple', -9, 2)": "ap",
        "SUBSTR('apple', 2, 0)": "",
        "SUBSTR('абвгд', -2, 1)": "г",
        "SUBSTR(b'apple', -2)": b"le",
        "SUBSTR(b'apple', 2, 2)": b"pp",
        "SUBSTR(b'apple', -9, 2)": b"ap",
        "SUBSTR(NULL, 1)": None,
    },
    "SUBSTRING": {"SUBSTRING('apple', 2, 2)": "pp"},
    "TO_BASE64": {"TO_BASE64(b'\\xff\\xe0')": "/+A=", "TO_BASE64(b'')": ""},
    "TO_HEX": {"TO_HEX(b'\\x00\\x01\\xaa\\xee')": "0001aaee", "TO_HEX(b'')": "", "TO_HEX(NULL)": None},
    "TRANSLATE": {
        "TRANSLATE('This is a cookie', 'sco', 'zku')": "Thiz iz a kuukie",
        "TRANSLATE('abc', 'abc', 'x')": "x",
        "TRANSLATE('abc', '', 'x')": "abc",
    },
    "TRIM": {
        "TRIM('   apple   ')": "apple",
        "TRIM('***apple***', '*')": "apple",
        "TRIM('\\n\\ta\\u3000')": "a",
        "TRIM(NULL)": None,
    },
    "UNICODE": {"UNICODE('âbcd')": 226, "UNICODE('')": 0, "UNICODE(NULL)": None},
    "UPPER": {"UPPER('foo ä')": "FOO Ä", "UPPER('')": ""},
    "MD5": {"TO_HEX(MD5('Hello World'))": "b10a8db164e0754105b7a99be72e3fe5", "MD5(b'a') = MD5('a')": True},
    "SHA1": {"TO_HEX(SHA1('Hello World'))": "0a4d55a8d778e5022fab701977c5d840bbc486d0"},
    "SHA256": {
        "TO_HEX(SHA256(b'a'))": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "SHA256(CAST(NULL AS STRING))": None,
    },
}
FAILURES = {
    "CHR": ["CHR(-1)", "CHR(55296)", "CHR(1114112)"],
    "CONCAT": ["CONCAT('a', b'a')", "CONCAT()", "CONCAT([1])"],
    "FROM_BASE64": ["FROM_BASE64('!')"],
    "FROM_HEX": ["FROM_HEX('zz')"],
    "INSTR": ["INSTR('a', 'a', 0)", "INSTR('a', 'a', 1, 0)"],
    "LEFT": ["LEFT('abc', -1)", "LEFT('abc')"],
    "LPAD": ["LPAD('a', -1)", "LPAD('a', 3, '')"],
    "REGEXP_CONTAINS": ["REGEXP_CONTAINS('a', '(')"],
    "REGEXP_EXTRACT": [
        r"REGEXP_EXTRACT('ab', r'(a)(b)')",
        "REGEXP_EXTRACT('a', 'a', 0)",
        "REGEXP_EXTRACT('a', 'a', 1, 0)",
    ],
    "REPEAT": ["REPEAT('a', -1)"],
    "RIGHT": ["RIGHT('abc', -1)"],
    "SUBSTR": ["SUBSTR('apple', 1, -1)", "SUBSTR('apple')", "SUBSTR('apple', 'a')"],
    "TRANSLATE": ["TRANSLATE('a', 'aa', 'bc')"],
}  # fmt: skip


@behaviour("standard-sql/string_functions: the answers of each, and their edges")
@pytest.mark.parametrize("name", ANSWERS)
def test_a_string_function_answers(rows, name):
    check(rows, ANSWERS[name])


@behaviour("standard-sql/string_functions: what each refuses")
@pytest.mark.parametrize("name", FAILURES)
def test_a_string_function_refuses(rows, name):
    fail(rows, FAILURES[name])
    check(rows, ANSWERS[name])


@behaviour("standard-sql/functions-reference: SAFE. turns a failure of the call into NULL, not one of its arguments")
def test_a_safe_string_function_gives_null(rows):
    check(rows, {
        "SAFE.SUBSTR('foo', 0, -2)": None,
        "SAFE.SUBSTR('bar', 0, 2)": "ba",
        "SAFE.REPEAT('a', -1)": None,
        "SAFE.CHR(-1)": None,
        "SAFE.FROM_HEX('zz')": None,
        "SAFE.LEFT(CONCAT('a', CAST(1 AS STRING)), -1)": None,
    })  # fmt: skip
    fail(rows, ["SAFE.UPPER(ERROR('mine'))", "SAFE.REPEAT(CHR(-1), 2)", "SAFE.UPPER(1)", "SAFE.NOSUCH(1)"])
