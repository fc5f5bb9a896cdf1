package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// psql runs one statement as the superuser, over the socket. Names are letters,
// digits, - and _ (aName).
func (h hands) psql(ctx context.Context, statement string) (string, error) {
	out, err := h.work(ctx, 2*time.Minute, "runuser", "-u", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", statement)
	return strings.TrimSpace(out), err
}

func roleThere(h hands, ctx context.Context, args []string) (bool, error) {
	out, err := h.psql(ctx, fmt.Sprintf("SELECT 1 FROM pg_roles WHERE rolname = '%s'", args[0]))
	return out == "1", err
}

func makeRole(h hands, ctx context.Context, args []string) error {
	_, err := h.psql(ctx, fmt.Sprintf(`CREATE ROLE "%s" LOGIN`, args[0]))
	return err
}

func dropRole(h hands, ctx context.Context, args []string) (string, error) {
	if there, err := roleThere(h, ctx, args); !there || err != nil {
		return "", err
	}
	_, err := h.psql(ctx, fmt.Sprintf(`DROP ROLE "%s"`, args[0]))
	return "", err
}

func databaseThere(h hands, ctx context.Context, args []string) (bool, error) {
	out, err := h.psql(ctx, fmt.Sprintf("SELECT 1 FROM pg_database WHERE datname = '%s'", args[0]))
	return out == "1", err
}

// makeDatabase makes one of UTF-8, whatever the cluster's locale is.
func makeDatabase(h hands, ctx context.Context, args []string) error {
	_, err := h.psql(ctx, fmt.Sprintf(`CREATE DATABASE "%s" OWNER "%s" ENCODING 'UTF8' TEMPLATE template0`, args[0], args[1]))
	return err
}

// lastDumps is where a database goes before it goes.
const lastDumps = "/var/lib/assay/dumps"

// dropDatabase dumps it first: what visitors wrote since is in nobody's journal.
func dropDatabase(h hands, ctx context.Context, args []string) (string, error) {
	if there, err := databaseThere(h, ctx, args); !there || err != nil {
		return "", err
	}
	tables, err := h.work(ctx, time.Minute, "runuser", "-u", "postgres", "--", "psql", "-XAtq", "-d", args[0], "-c",
		"SELECT count(*) FROM pg_stat_user_tables")
	if err != nil {
		return "", err
	}
	stays := ""
	if strings.TrimSpace(tables) != "0" {
		if err := os.MkdirAll(lastDumps, 0o700); err != nil {
			return "", err
		}
		name := filepath.Join(lastDumps, args[0]+"-"+time.Now().UTC().Format("20060102T150405")+".sql")
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return "", err
		}
		if err := h.pour(ctx, out, "runuser", "-u", "postgres", "--", "pg_dump", "--dbname="+args[0]); err != nil {
			_ = os.Remove(name)
			return "", err
		}
		stays = name + ", the database " + args[0] + " as it was"
	}
	_, err = h.psql(ctx, fmt.Sprintf(`DROP DATABASE "%s" WITH (FORCE)`, args[0]))
	return stays, err
}
