"""One module per pipeline step; a DAG task calls exactly one."""
