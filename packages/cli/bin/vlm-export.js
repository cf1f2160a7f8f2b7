#!/usr/bin/env node
import { main } from "../dist/main.js";

const abort = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => abort.abort(new DOMException("interrupted", "AbortError")));
process.exitCode = await main(process.argv.slice(2), abort.signal);
