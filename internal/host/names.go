package host

import (
	"bufio"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// people are the users and groups of /etc/passwd and /etc/group. Accounts
// that only a directory service knows have no name here: they show as numbers
// and have no groups, which errs towards seeing less.
type people struct {
	user    map[int]string
	primary map[int]int
	group   map[int]string
	member  map[string][]int
}

func readPeople() people {
	p := people{map[int]string{}, map[int]int{}, map[int]string{}, map[string][]int{}}
	colons("/etc/passwd", func(f []string) {
		uid, err1 := strconv.Atoi(f[2])
		gid, err2 := strconv.Atoi(f[3])
		if _, twice := p.user[uid]; err1 == nil && err2 == nil && !twice {
			p.user[uid], p.primary[uid] = f[0], gid
		}
	})
	colons("/etc/group", func(f []string) {
		gid, err := strconv.Atoi(f[2])
		if _, twice := p.group[gid]; err != nil || twice {
			return
		}
		p.group[gid] = f[0]
		for m := range strings.SplitSeq(f[3], ",") {
			if m != "" {
				p.member[m] = append(p.member[m], gid)
			}
		}
	})
	return p
}

// colons gives the rows of a colon-separated file that have four fields at least.
func colons(path string, row func([]string)) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	sc := bufio.NewScanner(io.LimitReader(f, 8<<20))
	for sc.Scan() {
		if p := strings.Split(sc.Text(), ":"); len(p) >= 4 {
			row(p)
		}
	}
}

func (p people) userName(uid int) string {
	if n, ok := p.user[uid]; ok {
		return n
	}
	return strconv.Itoa(uid)
}

func (p people) groupName(gid int) string {
	if n, ok := p.group[gid]; ok {
		return n
	}
	return strconv.Itoa(gid)
}

// cred gives the rights that a user has when logged in here.
func (p people) cred(uid int) cred {
	name, ok := p.user[uid]
	if !ok {
		return cred{name: strconv.Itoa(uid), uid: uid, gid: nobodyID}
	}
	return cred{name: name, uid: uid, gid: p.primary[uid], groups: slices.Clone(p.member[name])}
}
