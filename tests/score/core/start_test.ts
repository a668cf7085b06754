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
  ["uv run main.py", "python main.py", NONE],
  ["gunicorn -w 4 shop:app", "gunicorn shop:app", NONE],
  ["gunicorn --bind 0.0.0.0:8000 shop.wsgi", "gunicorn shop.wsgi", NONE],
  ["gunicorn shop.wsgi --log-file -", "gunicorn shop.wsgi", NONE],
  ["flask --app shop run", "python -m flask --app shop run -p 80", NONE],
  ["node -r dotenv/config server.js", "node server.js", NONE],
  ["npx tsx src/index.ts", "tsx src/index.ts", NONE],
  ["npx next start -p $PORT", "next start", NONE],
  ["npx next start", "npm run start", new Map([["start", "next start"]])],
  [
    "node server.js",
    "npm start",
    new Map([["start", "npm run serve"], ["serve", "node server"]]),
  ],
  ["npm run start --workspace shop", "npm start", NONE],
  ["npm --prefix shop start", "npm start", NONE],
  ["pnpm --filter shop start", "pnpm run start", NONE],
  ["pnpm --filter=shop run start", "pnpm start", NONE],
  ["yarn workspace shop start", "yarn start", NONE],
  ["npm run start -- --port 80", "npm start", NONE],
  ["npx turbo run start", "npm start", NONE],
  ["turbo start --filter=shop", "pnpm start", NONE],
  ["npx nx run shop:serve:production", "nx serve shop", NONE],
  ["npx nx run shop:start", "npm start", NONE],
  ["moon run shop:start", "yarn start", NONE],
  ["npx lerna run start", "npm run start", NONE],
  [
    "python manage.py migrate && gunicorn shop.wsgi",
    "python manage.py runserver 0.0.0.0:8000",
    new Map([["manage.py runserver", "gunicorn shop.wsgi"]]),
  ],
  ["mix ecto.setup && mix phx.server", "mix phx.server", NONE],
  ["mix do ecto.migrate, phx.server", "mix phx.server", NONE],
  ["mix do ecto.migrate + phx.server", "mix phx.server", NONE],
  ["elixir --name shop -S mix phx.server", "mix phx.server", NONE],
  ["_build/prod/rel/shop/bin/shop start", "mix run --no-halt", NONE],
  ["_build/prod/rel/shop/bin/server", "mix phx.server", NONE],
];

const DIFFERENT: readonly [string, string, ReadonlyMap<string, string>][] = [
  ["npm run dev", "npm run start", SCRIPTS],
  ["node worker.js", "npm run start", SCRIPTS],
  ["python main.py", "python app.py", NONE],
  ["ruby app.rb", "node app.js", NONE],
  ["node index.js", "deno run -A index.js", NONE],
  ["java -jar a.jar", "./app", NONE],
  ["gunicorn shop:app", "gunicorn admin:app", NONE],
  ["gunicorn -w 4 shop:app", "gunicorn -w 4 admin:app", NONE],
  ["pnpm --filter shop dev", "pnpm --filter shop start", NONE],
  ["npx next start", "npx nuxt start", NONE],
  ["node -r dotenv/config worker.js", "node -r dotenv/config web.js", NONE],
  ["npx turbo run start", "npm run dev", NONE],
  ["npx nx run shop:serve", "npm start", NONE],
  ["python manage.py runserver", "gunicorn shop.wsgi", NONE],
  ["python manage.py migrate", "python manage.py runserver", NONE],
  ["mix phx.server", "mix run --no-halt", NONE],
  ["mix ecto.migrate", "mix phx.server", NONE],
  ["_build/prod/rel/shop/bin/migrate", "mix phx.server", NONE],
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

Deno.test("start: an application's own directory is where its command is typed", () => {
  const stated = "node dist/apps/shop/main.js";
  const told = "node ../../dist/apps/shop/main.js";
  assert.equal(runsSame(told, stated, NONE), false);
  assert.equal(runsSame(told, stated, NONE, "apps/shop"), true);
  assert.equal(runsSame("node main.js", stated, NONE, "apps/shop"), false);
});
