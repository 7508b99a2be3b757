"""Civil affairs: a monthly drop of GB18030 CSV files.

Columns follow county 低保 files and the provincial social-assistance system as public code shows them
(domain.md C2): spells by yyyy-MM where 3000-12 means open, and a covered flag, because 低保 is granted to a
household and paid for the persons it covers. Who is certified and who was paid are two lists: a monthly payment list
says nothing of who is entitled (domain.md C2, the data-sharing memo).
"""

from connectors.base import Field, FieldType, Sealed, Semantics, Source, Stream
from connectors.transports.csv_drop import CsvDrop

ID_NUMBER = Field(name="certno", headers=("身份证号", "身份证号码", "证件号码"), sealed=Sealed.ID_NUMBER, required=True)
NAME = Field(name="psn_name", headers=("姓名",), sealed=Sealed.NAME, required=True)
DIVISION = Field(name="division", headers=("区划代码", "行政区划代码"), type=FieldType.DIVISION, required=True)

RECIPIENTS = Stream(
    name="recipients",
    title="社会救助对象",
    title_en="social-assistance recipients",
    key=("assistance_type", "household_number", "mac", "begin_month"),
    semantics=Semantics.CERTIFICATION,
    complete=True,
    cadence_days=31,
    division="division",
    transport=CsvDrop(pattern="recipients_*.csv", encoding="gb18030"),
    fields=(
        Field(
            name="assistance_type",
            headers=("救助类别", "低保类别"),
            type=FieldType.CODE,
            codes="assistance_type",
            required=True,
        ),
        Field(name="urban_rural", headers=("城乡类别", "城乡"), type=FieldType.CODE, codes="urban_rural"),
        Field(name="household_number", headers=("救助证号", "低保证号"), required=True),
        NAME,
        ID_NUMBER,
        Field(name="relation", headers=("与户主关系",)),
        Field(name="covered", headers=("是否保障对象",), type=FieldType.FLAG, required=True),
        Field(name="begin_month", headers=("起始保障年月", "保障起始年月"), type=FieldType.MONTH, required=True),
        Field(name="end_month", headers=("终止保障年月", "保障终止年月"), type=FieldType.MONTH),
        Field(name="certified", headers=("认定日期", "审批日期"), type=FieldType.DAY),
        DIVISION,
        Field(name="address", headers=("家庭地址",), sealed=Sealed.ADDRESS),
        Field(name="account", headers=("账号", "银行账号"), sealed=Sealed.ACCOUNT),
        Field(name="phone", headers=("联系电话",), sealed=Sealed.PHONE),
    ),
    ignored=("序号", "开户银行", "月保障金", "保障人数", "致贫原因"),
)

PAYMENTS = Stream(
    name="payments",
    title="救助金发放名单",
    title_en="assistance paid by month",
    key=("household_number", "mac", "paid_month"),
    semantics=Semantics.PAYMENT,
    complete=True,
    cadence_days=31,
    division="division",
    transport=CsvDrop(pattern="payments_*.csv", encoding="gb18030"),
    fields=(
        Field(
            name="assistance_type",
            headers=("救助类别", "低保类别"),
            type=FieldType.CODE,
            codes="assistance_type",
            required=True,
        ),
        Field(name="household_number", headers=("救助证号", "低保证号"), required=True),
        NAME,
        ID_NUMBER,
        Field(name="paid_month", headers=("发放年月", "发放月份"), type=FieldType.MONTH, required=True),
        Field(name="amount", headers=("发放金额", "实发金额"), type=FieldType.YUAN, required=True),
        Field(name="paid", headers=("发放日期",), type=FieldType.DAY),
        DIVISION,
        Field(name="account", headers=("账号", "银行账号"), sealed=Sealed.ACCOUNT),
    ),
    ignored=("序号", "开户银行"),
)

RELIEF = Stream(
    name="relief",
    title="临时救助发放",
    title_en="temporary relief paid",
    key=("payment_number",),
    semantics=Semantics.EVENT,
    complete=False,
    cadence_days=31,
    division="division",
    transport=CsvDrop(pattern="relief_*.csv", encoding="gb18030"),
    fields=(
        Field(name="payment_number", headers=("发放流水号",), required=True),
        NAME,
        ID_NUMBER,
        Field(name="amount", headers=("救助金额",), type=FieldType.YUAN, required=True),
        Field(name="paid", headers=("发放日期",), type=FieldType.DAY, required=True),
        DIVISION,
    ),
    ignored=("序号", "救助原因"),
)

DEATHS = Stream(
    name="deaths",
    title="死亡信息",
    title_en="deaths",
    key=("mac",),
    semantics=Semantics.EVENT,
    complete=False,
    cadence_days=31,
    division="division",
    transport=CsvDrop(pattern="deaths_*.csv", encoding="gb18030"),
    fields=(
        NAME,
        ID_NUMBER,
        Field(name="died", headers=("死亡日期",), type=FieldType.DAY, required=True),
        Field(name="registered", headers=("登记日期",), type=FieldType.DAY),
        DIVISION,
    ),
    ignored=("序号",),
)

SOURCE = Source(
    name="civil_affairs",
    title="社会救助信息系统",
    title_en="social-assistance information system",
    department="civil_affairs",
    legal_basis="医保办发〔2022〕21号；政务数据共享条例",
    streams=(RECIPIENTS, PAYMENTS, RELIEF, DEATHS),
)
