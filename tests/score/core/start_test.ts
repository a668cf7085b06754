import assert from "node:assert/strict";
import { runsSame } from "./start.ts";

const NONE = new Map<string, string>();
const SCRIPTS = new Map([["start", "node server.js"], ["dev", "vite"]]);

const SAME: readonly [string, string, ReadonlyMap<string, string>][] = [
  ["npm start", "npm run start", SCRIPTS],
  ["node server.js", "npm run start", SCRIPTS],
  ["node ./index", "node index.js", NONE],
  ["./app", "./out", NONE],
  ["./target/release/shop", "./bin/shop", NONE],
  [
    "gunicorn shop.wsgi:application",
    "python manage.py migrate && gunicorn shop.wsgi",
    NONE,
  ],
  [
    "uvicorn app.main:app --host 0.0.0.0",
    "python -m uvicorn app.main:app",
    NONE,
  ],
  ["bundle exec puma", "RACK_ENV=production bundle exec puma", NONE],
  [
    "java -jar target/shop.jar",
    "java $JAVA_OPTS -jar $(ls -1 build/libs/*jar)",
    NONE,
  ],
  ["php artisan serve --host=0.0.0.0", "php-fpm -y /a & nginx -c /b", NONE],
  ["npx serve -s dist", "exec caddy run --config /a", NONE],
  ["sh start.sh", "bash ./start.sh", NONE],
  ["poetry run python main.py", "python main.py", NONE],
];

const DIFFERENT: readonly [string, string, ReadonlyMap<string, string>][] = [
  ["npm run dev", "npm run start", SCRIPTS],
  ["node worker.js", "npm run start", SCRIPTS],
  ["python main.py", "python app.py", NONE],
  ["ruby app.rb", "node app.js", NONE],
  ["node index.js", "deno run -A index.js", NONE],
  ["java -jar a.jar", "./app", NONE],
];

Deno.test("start: the same script, module or program by the same runtime is the same", () => {
  for (const [a, b, scripts] of SAME) {
    assert.equal(runsSame(a, b, scripts), true, `${a} | ${b}`);
  }
});

Deno.test("start: another script or another runtime is not", () => {
  for (const [a, b, scripts] of DIFFERENT) {
    assert.equal(runsSame(a, b, scripts), false, `${a} | ${b}`);
  }
});
