package host

import "testing"

// The cookies are Flask's own: session_interface.get_signing_serializer(app).dumps.
func TestSignedBy(t *testing.T) {
	long, raw := "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", "\x00\xff\x80bytes"
	for _, c := range []struct {
		flask, cookie string
		keys          []string
		want          int
	}{
		{"2.2.2", "eyJjc3JmIjoiYWJjIn0.awMpJg.km_6INrsLmgCX4vzui-aGONjefI", []string{long}, 0},
		{"3.1.1", "eyJjc3JmIjoiYWJjIn0.awMpJw.3hifA4HEKigZd432mLsrHH3CfqY", []string{"another", long}, 1},
		{"2.2.2, bytes", "eyJhIjoxfQ.awMpJg.EvlwitYDhcHhh6h5SYv5TCdI9AY", []string{raw}, 0},
		{"3.1.1, bytes", "eyJhIjoxfQ.awMpJw.Y_Qzo1CYAzjdvhV2ErquUz6Ua4Q", []string{raw}, 0},
		{"2.2.2, compressed", ".eJyrVkpUslKqGAVEA6VaAJKUjrw.awMpJg.OAC3RyaZ4d0ShQpd04i6rnCuq5g", []string{"new-key-000000000000"}, 0},
		{"3.1.1, with a fallback", ".eJyrVkpUslKqGAVEA6VaAJKUjrw.awMpJw.TUSkpyM67U4vsb4s8r4X_hJ9jkQ", []string{"new-key-000000000000", "old-key-1111111111"}, 0},
		{"another key", "eyJjc3JmIjoiYWJjIn0.awMpJg.km_6INrsLmgCX4vzui-aGONjefI", []string{"another"}, -1},
		{"another time", "eyJjc3JmIjoiYWJjIn0.awMpJw.km_6INrsLmgCX4vzui-aGONjefI", []string{long}, -1},
		{"an id", "8d7c2a31-7f1e-4a57-9d53-1f0c0d6b2f11", []string{long}, -1},
		{"nothing", "", []string{long}, -1},
	} {
		if got := signedBy(c.cookie, c.keys); got != c.want {
			t.Errorf("%s: %d; want %d", c.flask, got, c.want)
		}
	}
}
