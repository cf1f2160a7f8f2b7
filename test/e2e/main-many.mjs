/** Runs the built command's `main` once for every list of arguments in argv[2] (JSON), in this one process, and prints what each run gave. */
import { main } from "../../packages/cli/dist/main.js";

const streams = { stdout: process.stdout, stderr: process.stderr };
const print = process.stdout.write.bind(process.stdout);
let texts;
for (const name of Object.keys(streams))
  streams[name].write = (text) => {
    texts[name] += text;
    return true;
  };
const results = [];
for (const args of JSON.parse(process.argv[2])) {
  texts = { stdout: "", stderr: "" };
  const code = await main(args, new AbortController().signal);
  results.push({ code, ...texts });
}
print(JSON.stringify(results));
