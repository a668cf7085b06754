import assert from "node:assert/strict";
import { draftOf, type Ecosystem } from "../../draft.ts";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { configuration } from "./mod.ts";

function told(ecosystem: Ecosystem, files: Record<string, string>) {
  const texts = new Map(Object.entries(files));
  const reading = new Reading(new FileTree({ files: texts.keys(), texts }));
  const draft = draftOf({
    path: ".",
    ecosystem,
    role: "application",
    weight: 2,
  });
  return configuration.gather(reading, [draft]).services
    .map(({ kind, env, name }) => [kind, env, name]);
}

Deno.test("a driver in the configuration tells the database behind an ORM", () => {
  const cases: [Ecosystem, string, string, string[]][] = [
    [
      "ruby",
      "config/database.yml",
      "default: &default\n  adapter: postgresql\n  pool: <%= ENV.fetch('X') { 5 } %>\n" +
      "test:\n  adapter: sqlite3\n",
      ["postgres"],
    ],
    [
      "python",
      "shop/settings.py",
      'X = {"ENGINE": env("DB_ENGINE", default="django.db.backends.mysql")}',
      ["mysql"],
    ],
    ["javascript", "knexfile.js", 'client: "pg",', ["postgres"]],
    ["javascript", "drizzle.config.ts", "  dialect: 'postgresql',", [
      "postgres",
    ]],
    [
      "javascript",
      "src/data-source.ts",
      'new DataSource({ type: "mariadb" })',
      ["mariadb"],
    ],
    ["javascript", "prisma/schema.prisma", '  provider = "sqlite"', []],
    [
      "rust",
      "Cargo.toml",
      '[dependencies]\nsqlx = { version = "0.7", features = ["runtime-tokio", "mysql"] }',
      ["mysql"],
    ],
    [
      "php",
      "config/database.php",
      "    'default' => env('DB_CONNECTION', 'pgsql'),",
      ["postgres"],
    ],
    ["php", ".env.example", "DB_CONNECTION=sqlite\nCACHE_STORE=redis\n", [
      "redis",
    ]],
    [
      "php",
      "app/Config/Database.php",
      "'DBDriver' => 'Postgre',\n'database' => '',",
      ["postgres"],
    ],
    [
      "php",
      "app/Config/Database.php",
      "'database' => '',\n'DBDriver' => 'MySQLi',\n" +
      "'database' => ':memory:',\n'DBDriver' => 'SQLite3',",
      [],
    ],
    [
      "php",
      "application/config/database.php",
      "$db['default']['dbdriver'] = 'mysqli';\n$db['default']['database'] = 'shop';",
      ["mysql"],
    ],
    [
      "php",
      "config/app.php",
      "use Cake\\Database\\Driver\\Mysql;\n    'driver' => Mysql::class,\n    'driver' => Sqlite::class,",
      ["mysql"],
    ],
    ["python", "config.py", "    CACHE_TYPE = 'RedisCache'\n", ["redis"]],
    ["go", "config/config.yaml", "database:\n  driver: postgres\n", [
      "postgres",
    ]],
    ["go", "config.yaml", "storage:\n  driver: local\n", []],
    [
      "javascript",
      "config/database.js",
      "    client: env('DATABASE_CLIENT', 'mysql'),",
      ["mysql"],
    ],
    [
      "rust",
      "Rocket.toml",
      '[default.databases.main]\nurl = "postgres://x@localhost/x"\n',
      ["postgres"],
    ],
    [
      "jvm",
      "src/main/resources/application.properties",
      "quarkus.datasource.db-kind=postgresql",
      ["postgres"],
    ],
  ];
  for (const [ecosystem, path, text, kinds] of cases) {
    const found = told(ecosystem, { [path]: text }).map(([kind]) => kind);
    assert.deepEqual(found, kinds, path);
  }
});

Deno.test("what the environment sets overrides Laravel's defaults", () => {
  const files = {
    "config/database.php": "  'default' => env('DB_CONNECTION', 'mysql'),",
    ".env.example": "DB_CONNECTION=pgsql\n",
  };
  assert.deepEqual(told("php", files).map(([kind]) => kind), ["postgres"]);
});

Deno.test("an address in the configuration tells kind, host and variable", () => {
  assert.deepEqual(
    told("jvm", {
      "src/main/resources/application.yml":
        "spring:\n  datasource:\n    url: ${DB_URL:jdbc:postgresql://db:5432/${DB_NAME}}\n",
      "src/test/resources/application.yml": "url: jdbc:mysql://x/y\n",
    }),
    [["postgres", ["DB_URL"], "db"]],
  );
  assert.deepEqual(
    told("python", {
      "alembic.ini": "sqlalchemy.url = driver://user:pass@localhost/dbname\n" +
        "# sqlalchemy.url = mysql://localhost/x\n",
    }),
    [],
  );
});

Deno.test("connection strings of .NET are told apart by what is in them", () => {
  const cases: [string, string[]][] = [
    ["Host=db;Port=5432;Database=x;Username=u;Password=p", ["postgres"]],
    ["Server=db;Database=x;Uid=u;Pwd=p", ["mysql"]],
    ["Server=db;Database=x;User Id=sa;TrustServerCertificate=True", ["mssql"]],
    ["Data Source=app.db", []],
  ];
  for (const [text, kinds] of cases) {
    const json = JSON.stringify({ ConnectionStrings: { Default: text } });
    const found = told("dotnet", { "appsettings.json": json });
    assert.deepEqual(found.map(([kind]) => kind), kinds, text);
  }
});

Deno.test("Sequelize's configuration names the variable of an address", () => {
  const json =
    '{ "production": {\n"use_env_variable": "JAWSDB_URL",\n"dialect": "mysql"\n} }';
  assert.deepEqual(
    told("javascript", { "config/config.json": json }),
    [["mysql", ["JAWSDB_URL"], null]],
  );
});
