"""One module for each rival: `PACKAGE` names what is measured, `QUESTIONS` makes a `Job` of a case and threads."""
