# Words that begin with a dash are for the server. Without data, an account and a database are made by a server that
# listens at no port; variables begin with MARIADB_, or with MYSQL_ as in that image.
set -eu
case ${1:-} in -*) set -- mariadbd "$@" ;; esac
told() { eval "printf %s \"\${MARIADB_$1:-\${MYSQL_$1:-}}\""; }
root=$(told ROOT_PASSWORD) user=$(told USER) password=$(told PASSWORD) database=$(told DATABASE)
data=/var/lib/mysql
mkdir -p /run/mysqld
chown mysql /run/mysqld "$data"
if [ ! -d "$data/mysql" ]; then
  if [ -z "$root" ]; then echo "Database is uninitialized and password option is not specified" >&2; exit 1; fi
  if [ "$user" = root ]; then echo "USER is for a regular user and cannot be used for the root user" >&2; exit 1; fi
  mariadb-install-db --user=mysql --datadir="$data" --skip-test-db --auth-root-authentication-method=normal >/dev/null
  setpriv --reuid=mysql --regid=mysql --init-groups "$@" --skip-networking &
  until mariadb -u root -e 'select 1' >/dev/null 2>&1; do sleep 0.05; done
  {
    echo "create database if not exists \`$database\`;"
    if [ -n "$user" ]; then
      echo "create user '$user'@'%' identified by '$password'; grant all on \`$database\`.* to '$user'@'%';"
    fi
    echo "create user root@'%' identified by '$root'; grant all on *.* to root@'%' with grant option;"
    echo "set password for root@localhost = password('$root');"
  } | mariadb -u root
  MYSQL_PWD=$root mariadb-admin -u root shutdown
  wait
fi
exec setpriv --reuid=mysql --regid=mysql --init-groups "$@"
