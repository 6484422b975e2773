"""Writes the two logs that a fixture of a stored form is made of: FINISHED.log (days that are over) and OPEN.log (a day that is not).

Usage: make_logs.py OPEN_DATE FINISHED_DATE... (dates as 2026-11-27). All addresses are those of documentation and 10/8.
"""
import datetime
import sys

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def line(date, hour, who, target, status=200, referrer="-", agent=BROWSER):
    stamp = datetime.date.fromisoformat(date).strftime("%d/%b/%Y")
    return f'10.5.0.{who} - - [{stamp}:{hour:02}:00:00 +0000] "GET {target} HTTP/1.1" {status} 2000 "{referrer}" "{agent}"\n'


def day(date):
    # 40 visits to /a from another site, ten of which go on to /b; 7 by a campaign; 5 errors; 3 robots.
    lines = [line(date, 8, who, "/a", referrer="https://blog.example.net/") for who in range(40)]
    lines += [line(date, 9, who, "/b") for who in range(10)]
    lines += [line(date, 10, 100 + who, "/c?utm_source=news&utm_medium=mail&utm_campaign=spring") for who in range(7)]
    lines += [line(date, 11, who, "/gone", 404) for who in range(5)]
    lines += [line(date, 12, 200 + who, "/a", agent=ROBOT) for who in range(3)]
    return "".join(lines)


open_date, finished = sys.argv[1], sys.argv[2:]
with open("FINISHED.log", "w") as file:
    file.write("".join(map(day, finished)))
with open("OPEN.log", "w") as file:
    file.write(day(open_date))
