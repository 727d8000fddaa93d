"""Manual pages as a reader sees them."""

from firstwords.data.document import Rejection
from firstwords.data.extractors.man_page import ManPage, plain
from firstwords.data.source import Record

PAGE = r""".\" Copyright somebody
.TH OPEN 2 2021-08-27 "Linux" "Linux Programmer's Manual"
.SH NAME
open, creat \- open and possibly create a file
.SH SYNOPSIS
.nf
.BI "int open(const char *" pathname ", int " flags \
", mode_t " mode );
.fi
.SH DESCRIPTION
The
.BR open ()
system call opens the file \fIpathname\fP.
It returns \(lqa number\(rq.
.PP
.TP
.B O_APPEND
The file is opened in append mode.
.TS
l l.
a	b
.TE
.SS Errors and more
.EX
    if (a \e b)
        exit(1);
.EE
"""


def extract(text):
    return ManPage().extract(Record(origin="x", body=text.encode(), media_type="text/troff"))


def test_a_page():
    document = extract(PAGE)
    assert document.title == "open"
    assert document.text == (
        "NAME\n\nopen, creat - open and possibly create a file\n\nSYNOPSIS\n\n"
        "int open(const char *pathname, int flags, mode_t mode);\n\nDESCRIPTION\n\n"
        "The open() system call opens the file pathname. It returns \u201ca number\u201d.\n\n"
        "O_APPEND\nThe file is opened in append mode.\n\nErrors and more\n\n"
        "    if (a \\ b)\n        exit(1);"
    )


def test_a_pointer_to_another_page_is_empty():
    found = extract(".so man3/mq_open.3\n")
    assert isinstance(found, Rejection) and found.reason == "empty"


def test_escapes():
    assert plain(r"\fBa\fP\-b \(em c\\d \s-1X\s0 \*(Aq") == "a-b \u2014 c\\d X "
